//! Advice to the Linux kernel. It changes no contents; elsewhere, and where it fails, nothing happens.

use std::fs::File;

/// Asks for 2 MB pages under values that are about to be filled for the first time.
///
/// A new array costs a page fault for every 4 kB, which takes longer than copying them; NumPy asks
/// the same. Not for small arrays.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn use_huge_pages<T>(values: &mut [T]) {
    const PAGE: usize = 4096;
    const WORTHWHILE: usize = 1 << 22;
    let range = values.as_mut_ptr_range();
    let start = range.start.addr().next_multiple_of(PAGE);
    let end = range.end.addr() / PAGE * PAGE;
    if end.saturating_sub(start) < WORTHWHILE {
        return;
    }
    let first = range.start.cast::<libc::c_void>().with_addr(start);
    // SAFETY: the range lies inside of `values`, which is borrowed mutably, and the advice changes
    // neither contents nor permissions of memory, only how the kernel backs it.
    unsafe {
        libc::madvise(first, end - start, libc::MADV_HUGEPAGE);
    }
}

/// Asks that a part of a file goes to the disk now, while the next is written: the sync at the end
/// then has less to wait for.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn start_writeback(file: &File, offset: u64, length: u64) {
    use std::os::fd::AsRawFd;

    let (offset, length) = (offset.cast_signed(), length.cast_signed());
    // SAFETY: the descriptor is open as long as `file` is borrowed, and the call takes no pointer.
    unsafe {
        libc::sync_file_range(
            file.as_raw_fd(),
            offset,
            length,
            libc::SYNC_FILE_RANGE_WRITE,
        );
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn use_huge_pages<T>(_values: &mut [T]) {}

#[cfg(not(target_os = "linux"))]
pub(super) fn start_writeback(_file: &File, _offset: u64, _length: u64) {}
