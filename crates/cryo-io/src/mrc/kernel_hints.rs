//! What only the Linux kernel offers: advice, which changes no contents, and reading into new memory.

use std::{fs::File, io, mem::MaybeUninit};

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

/// Reads the bytes from `offset` on into memory that holds nothing yet, all of it or an error.
///
/// The standard library wants such memory cleared first, which is a pass over it.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn read_new(
    file: &File,
    mut buffer: &mut [MaybeUninit<u8>],
    mut offset: u64,
) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    while !buffer.is_empty() {
        // SAFETY: the pointer and the length are those of a slice that is borrowed mutably, and the
        // descriptor is open as long as `file` is borrowed.
        let count = unsafe {
            let start = buffer.as_mut_ptr().cast();
            libc::pread64(file.as_raw_fd(), start, buffer.len(), offset.cast_signed())
        };
        match usize::try_from(count) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = &mut buffer[count..];
                offset += count as u64;
            }
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn read_new(file: &File, buffer: &mut [MaybeUninit<u8>], offset: u64) -> io::Result<()> {
    for byte in buffer.iter_mut() {
        byte.write(0);
    }
    // SAFETY: every byte was written just above.
    #[allow(unsafe_code)]
    let buffer = unsafe { buffer.assume_init_mut() };
    super::source::read_exact_at(file, buffer, offset)
}

#[cfg(not(target_os = "linux"))]
pub(super) fn use_huge_pages<T>(_values: &mut [T]) {}

#[cfg(not(target_os = "linux"))]
pub(super) fn start_writeback(_file: &File, _offset: u64, _length: u64) {}
