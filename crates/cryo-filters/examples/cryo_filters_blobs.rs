//! Finds dark balls in a noisy, unevenly bright volume with a few filters.
//!
//! Run with `cargo run -p cryo-filters --example cryo_filters_blobs`.

use cryo_filters::{
    GaussianParams, LocalMaximum, PassParams, bin_mean, high_pass, laplacian_of_gaussian,
    local_maxima, z_score,
};
use ndarray::Array3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let balls = [[20_i32, 30, 90], [30, 70, 40], [12, 84, 84]];
    // A hash of the voxel is noise enough, and the same each time.
    let noise = |z: usize, y: usize, x: usize| {
        let hash = (z * 73_856_093) ^ (y * 19_349_663) ^ (x * 83_492_791);
        (hash.wrapping_mul(2_654_435_761) >> 16 & 0xff) as f32 / 255.0 - 0.5
    };
    let volume = Array3::from_shape_fn((40, 100, 120), |(z, y, x)| {
        let far = |[a, b, c]: [i32; 3]| {
            let d = [z as i32 - a, y as i32 - b, x as i32 - c];
            d.iter().map(|d| d * d).sum::<i32>() > 36
        };
        let ball = if balls.iter().all(|&ball| far(ball)) {
            0.0
        } else {
            -1.0
        };
        10.0 + 0.05 * x as f32 + ball + 2.0 * noise(z, y, x)
    });

    // Without the slow change of brightness, at half the size, with mean 0 and deviation 1.
    let flat = high_pass(
        volume.view(),
        PassParams {
            cutoff_per_vox: 0.015,
            edge_per_vox: 0.01,
        },
    )?;
    let small = z_score(bin_mean(flat.view(), [2; 3])?.view())?;
    // A ball of radius r answers most to a width of r / √3; here r is 3 voxels.
    let width = GaussianParams::isotropic(3.0 / 3.0_f64.sqrt());
    let answer = laplacian_of_gaussian(small.view(), &width)?;
    let mut peaks = local_maxima(answer.view(), [5; 3], 0.1)?;
    peaks.sort_by(|a, b| b.value.total_cmp(&a.value));
    for peak in peaks.iter().take(5) {
        println!("{:?} {:.3}", peak.voxel_zyx, peak.value);
    }
    for ball in balls {
        let near = |peak: &LocalMaximum| {
            let pairs = peak.voxel_zyx.iter().zip(ball);
            pairs.map(|(&at, ball)| (2 * at as i32 - ball).abs()).max() <= Some(3)
        };
        assert!(
            peaks[..3].iter().any(near),
            "{ball:?} is not among the best three"
        );
    }
    Ok(())
}
