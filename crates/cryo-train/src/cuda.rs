//! libtorch's CUDA half.
//!
//! A Rust binary is linked to libtorch_cpu.so and libc10.so only: the linker drops libtorch_cuda.so,
//! of which no symbol is used. libtorch registers its CUDA backend when libtorch_cuda.so is loaded, so
//! we load it (tch-rs issue 980).

use std::sync::OnceLock;

/// Number of CUDA devices, and where it is 0 for a known reason, that reason.
pub(crate) fn devices() -> (usize, Option<String>) {
    static LOADED: OnceLock<Result<bool, String>> = OnceLock::new();
    match LOADED.get_or_init(load) {
        Err(reason) => (
            0,
            Some(format!("libtorch's CUDA half does not load: {reason}")),
        ),
        Ok(false) if !tch::Cuda::is_available() => {
            (0, Some("this libtorch has no CUDA half".to_owned()))
        }
        Ok(_) => (
            usize::try_from(tch::Cuda::device_count()).unwrap_or(0),
            None,
        ),
    }
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn load() -> Result<bool, String> {
    use std::{ffi::CStr, ffi::CString, os::unix::ffi::OsStrExt, path::Path};

    // libtorch's CPU half is mapped once something of it is used.
    let _ = tch::get_num_threads();
    let maps = std::fs::read_to_string("/proc/self/maps").map_err(|error| error.to_string())?;
    // Beside the very libtorch_cpu.so in use: never the CUDA half of a second libtorch.
    let cpu_half = maps
        .lines()
        .filter_map(|line| line.find('/').map(|start| Path::new(&line[start..])))
        .find(|path| path.file_name() == Some("libtorch_cpu.so".as_ref()))
        .ok_or("libtorch_cpu.so is not loaded")?;
    let cuda_half = cpu_half.with_file_name("libtorch_cuda.so");
    if !cuda_half.exists() {
        return Ok(false);
    }
    let path = CString::new(cuda_half.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: the path is NUL-terminated; the library is never closed; dlerror() directly follows the
    // failed dlopen() on the same thread, and its text is copied before anything else is called.
    unsafe {
        if !libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL).is_null() {
            return Ok(true);
        }
        let message = libc::dlerror();
        if message.is_null() {
            return Err("dlopen failed without a message".to_owned());
        }
        Err(CStr::from_ptr(message).to_string_lossy().into_owned())
    }
}

#[cfg(not(target_os = "linux"))]
fn load() -> Result<bool, String> {
    Ok(false)
}

/// Major compute capability of the device, asked of the driver; `None` where there is none.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(crate) fn compute_capability(index: usize) -> Option<i32> {
    use std::ffi::c_int;

    // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR of the CUDA driver API.
    const MAJOR: c_int = 75;
    type Init = unsafe extern "C" fn(u32) -> c_int;
    type Get = unsafe extern "C" fn(*mut c_int, c_int) -> c_int;
    type Attribute = unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int;

    let ordinal = c_int::try_from(index).ok()?;
    let (mut device, mut major) = (0, 0);
    // SAFETY: names are NUL-terminated; the three functions have these signatures in every version of the
    // driver API; a missing library or symbol is checked before use, and the pointers outlive the calls.
    unsafe {
        let driver = libc::dlopen(c"libcuda.so.1".as_ptr(), libc::RTLD_NOW);
        if driver.is_null() {
            return None;
        }
        let init = libc::dlsym(driver, c"cuInit".as_ptr());
        let get = libc::dlsym(driver, c"cuDeviceGet".as_ptr());
        let attribute = libc::dlsym(driver, c"cuDeviceGetAttribute".as_ptr());
        if init.is_null() || get.is_null() || attribute.is_null() {
            return None;
        }
        let init: Init = std::mem::transmute(init);
        let get: Get = std::mem::transmute(get);
        let attribute: Attribute = std::mem::transmute(attribute);
        let done = init(0) == 0
            && get(&raw mut device, ordinal) == 0
            && attribute(&raw mut major, MAJOR, device) == 0;
        done.then_some(major)
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn compute_capability(_index: usize) -> Option<i32> {
    None
}
