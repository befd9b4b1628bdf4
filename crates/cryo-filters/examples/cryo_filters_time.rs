//! Seconds of the hot filters on 128 x 512 x 512 voxels beside a plain copy, on one and on two threads.

use std::{hint::black_box, time::Instant};

use cryo_filters::{Boundary, GaussianParams, gaussian, gaussian_into, maximum_filter_into};
use ndarray::{Array3, Zip};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The shortest of some runs.
fn report(name: &str, mut run: impl FnMut()) {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    let seconds = (0..9).map(once).fold(f64::INFINITY, f64::min);
    println!(
        "{} threads  {name:30} {seconds:.4} s",
        rayon::current_num_threads()
    );
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let value = |(z, y, x)| ((z * 7919 + y * 104_729 + x * 1_299_709) % 1009) as f32;
    let volume = Array3::from_shape_fn((128, 512, 512), value);
    let mut out = Array3::zeros(volume.raw_dim());
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()?;
        pool.install(|| -> Result<(), cryo_filters::Error> {
            report("copy", || {
                Zip::from(&mut out)
                    .and(&volume)
                    .par_for_each(|to, from| *to = *from);
            });
            for sigma in [2.0, 8.0, 40.0] {
                let params = GaussianParams::isotropic(sigma);
                gaussian_into(volume.view(), &params, out.view_mut())?;
                report(&format!("gaussian sigma {sigma}"), || {
                    drop(black_box(gaussian(volume.view(), &params)));
                });
                report(&format!("gaussian_into sigma {sigma}"), || {
                    let _ = black_box(gaussian_into(volume.view(), &params, out.view_mut()));
                });
            }
            for size in [5, 51] {
                report(&format!("maximum_filter_into {size}^3"), || {
                    let (size, edge) = ([size; 3], Boundary::Reflect);
                    let _ = black_box(maximum_filter_into(
                        volume.view(),
                        size,
                        edge,
                        out.view_mut(),
                    ));
                });
            }
            Ok(())
        })?;
    }
    Ok(())
}
