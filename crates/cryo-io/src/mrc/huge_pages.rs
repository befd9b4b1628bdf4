/// Asks for 2 MB pages under values that are about to be filled for the first time.
///
/// A new array costs a page fault for every 4 kB, which takes longer than copying them; NumPy asks
/// the same. Without effect elsewhere than on Linux, where it is forbidden, and on small arrays.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn advise<T>(values: &mut [T]) {
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
    // neither contents nor permissions of memory, only how the kernel backs it. Failure is harmless.
    unsafe {
        libc::madvise(first, end - start, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn advise<T>(_values: &mut [T]) {}
