//! Bakes libtorch's folder into every test and example of this crate as a run path.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if let (Some(folder), "linux" | "macos") =
        (std::env::var_os("DEP_TCH_LIBTORCH_LIB"), system.as_str())
    {
        println!(
            "cargo::rustc-link-arg=-Wl,-rpath,{}",
            folder.to_string_lossy()
        );
        if system == "linux" {
            // RUNPATH, so that LD_LIBRARY_PATH can name a libtorch with CUDA.
            println!("cargo::rustc-link-arg=-Wl,--enable-new-dtags");
        }
    }
}
