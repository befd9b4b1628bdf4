//! Seconds of the hot filters on 128 x 512 x 512 voxels beside a plain copy, on one and two threads.

use std::{hint::black_box, time::Instant};

use cryo_filters::{GaussianParams, gaussian, gaussian_into};
use ndarray::{Array3, Zip};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The shortest of seven runs.
fn seconds(mut run: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..7).map(once).fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let volume = Array3::from_shape_fn((128, 512, 512), |(z, y, x)| {
        ((z * 7919 + y * 104_729 + x * 1_299_709) % 1009) as f32 / 1009.0
    });
    let mut out = Array3::<f32>::zeros(volume.raw_dim());
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        pool.install(|| {
            let copy = seconds(|| Zip::from(&mut out).and(&volume).par_for_each(|to, from| *to = *from));
            println!("{threads} threads  copy              {copy:.4} s");
            for sigma in [2.0, 8.0] {
                let params = GaussianParams::isotropic(sigma);
                let fresh = seconds(|| drop(black_box(gaussian(volume.view(), &params))));
                let into = seconds(|| gaussian_into(volume.view(), &params, out.view_mut()).expect("finite"));
                println!("{threads} threads  gaussian sigma {sigma}  {fresh:.4} s, into a buffer {into:.4} s");
            }
        });
    }
    Ok(())
}
