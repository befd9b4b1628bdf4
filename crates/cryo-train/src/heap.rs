/// Has this process keep memory that was freed for the next time, and take its first GiB in huge pages where the system
/// has them.
///
/// Each step on the CPU takes and frees the same blocks; given back at once, they come again page by page, written with
/// zeros, and small pages have the processor look up more addresses than it remembers: together more than a tenth of what
/// training takes (docs/benchmarks.md). Call it at the start of a program, from its first thread. The GiB is of addresses; what is
/// never used takes no memory. Blocks above 32 MiB go back as before.
/// With glibc on Linux only; nothing happens where the user has set `MALLOC_TRIM_THRESHOLD_`, `MALLOC_MMAP_THRESHOLD_` or
/// `MALLOC_TOP_PAD_`, and no GiB is set aside where the process' addresses are limited (`ulimit -v`, `-d`).
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        let names = [
            "MALLOC_TRIM_THRESHOLD_",
            "MALLOC_MMAP_THRESHOLD_",
            "MALLOC_TOP_PAD_",
        ];
        if names.iter().any(|name| std::env::var_os(name).is_some()) {
            return;
        }
        set(libc::M_MMAP_THRESHOLD, 32 << 20);
        set(libc::M_TRIM_THRESHOLD, 3 << 29);
        set(libc::M_TOP_PAD, 128 << 20);
        if !limited(libc::RLIMIT_AS) && !limited(libc::RLIMIT_DATA) {
            begin_with_huge_pages(1 << 30);
        }
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn set(parameter: libc::c_int, value: libc::c_int) {
    // SAFETY: mallopt takes any numbers at any time; what it refuses stays as it was.
    #[allow(unsafe_code)]
    unsafe {
        libc::mallopt(parameter, value);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn limited(resource: libc::__rlimit_resource_t) -> bool {
    let mut limit = libc::rlimit {
        rlim_cur: libc::RLIM_INFINITY,
        rlim_max: libc::RLIM_INFINITY,
    };
    // SAFETY: the structure is this function's own, and as the call expects it.
    #[allow(unsafe_code)]
    unsafe {
        libc::getrlimit(resource, &raw mut limit);
    }
    limit.rlim_cur != libc::RLIM_INFINITY
}

/// The heap grows by a block of so many bytes, which stays its free end.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn begin_with_huge_pages(bytes: usize) {
    const HUGE: usize = 2 << 20;
    // Else so large a block would be mapped beside the heap.
    set(libc::M_MMAP_MAX, 0);
    // SAFETY: only whole pages inside the block get advice, which changes no byte; the block is freed once. What malloc
    // or madvise refuse leaves all as it was.
    #[allow(unsafe_code)]
    unsafe {
        let block = libc::malloc(bytes);
        if !block.is_null() {
            let skipped = block.align_offset(HUGE);
            libc::madvise(
                block.byte_add(skipped),
                (bytes - skipped) / HUGE * HUGE,
                libc::MADV_HUGEPAGE,
            );
            libc::free(block);
        }
    }
    set(libc::M_MMAP_MAX, 1 << 16);
}
