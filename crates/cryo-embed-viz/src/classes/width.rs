use ndarray::ArrayView2;

/// Equivalent diameter, in pixels, of what stands in the middle of a class average: that of a disc as large as the
/// connected region, round the strongest pixel of the middle, which differs from the rim by at least half as much.
///
/// Dark and bright particles measure alike, a ring with its hole filled; what is as large as the picture reads at most
/// 1.13 times its edge. `None` for a picture without pixels or without contrast, and where the region's centre is further
/// from the picture's than half its diameter: a bead beside the middle is no particle's average.
///
/// ```
/// use cryo_embed_viz::blob_diameter;
/// use ndarray::Array2;
///
/// let disc = Array2::from_shape_fn((24, 24), |(y, x)| {
///     if (y as f32 - 12.0).hypot(x as f32 - 12.0) < 6.0 { 40.0 } else { 128.0 }
/// });
/// assert!((blob_diameter(disc.view()).expect("a disc") - 12.0).abs() < 0.5);
/// ```
#[must_use]
pub fn blob_diameter(average: ArrayView2<'_, f32>) -> Option<f64> {
    let (height, width) = average.dim();
    let is_rim = |y: usize, x: usize| y == 0 || x == 0 || y + 1 == height || x + 1 == width;
    let mut rim: Vec<f32> = (average.indexed_iter())
        .filter(|((y, x), _)| is_rim(*y, *x))
        .map(|(_, value)| *value)
        .collect();
    rim.sort_by(f32::total_cmp);
    let level = *rim.get(rim.len() / 2)?;
    let middle = |n: usize, extent: usize| (extent / 4..extent - extent / 4).contains(&n);
    let strongest = (average.indexed_iter())
        .filter(|((y, x), _)| middle(*y, height) && middle(*x, width))
        .max_by(|a, b| (a.1 - level).abs().total_cmp(&(b.1 - level).abs()))?;
    let (seed, peak) = (strongest.0, strongest.1 - level);
    if peak == 0.0 || !peak.is_finite() {
        return None;
    }
    let belongs = |place: (usize, usize)| (average[place] - level) / peak >= 0.5;
    let region = connected(seed, (height, width), belongs);
    // What the rim does not reach is outside of nothing: holes.
    let mut outside = vec![false; height * width];
    for y in 0..height {
        for x in 0..width {
            let start = y * width + x;
            if is_rim(y, x) && !region[start] && !outside[start] {
                let found = connected((y, x), (height, width), |(y, x)| !region[y * width + x]);
                for (all, new) in outside.iter_mut().zip(found) {
                    *all |= new;
                }
            }
        }
    }
    let (mut area, mut moment) = (0.0, [0.0; 2]);
    for (place, _) in outside.iter().enumerate().filter(|(_, outside)| !**outside) {
        area += 1.0;
        moment[0] += (place / width) as f64;
        moment[1] += (place % width) as f64;
    }
    let diameter = 2.0 * (area / std::f64::consts::PI).sqrt();
    let off = |moment: f64, extent: usize| moment / area - extent as f64 / 2.0;
    let beside = off(moment[0], height).hypot(off(moment[1], width));
    (beside <= diameter / 2.0).then_some(diameter)
}

/// Pixels that are reached from one over neighbours along the axes.
fn connected(
    seed: (usize, usize),
    (height, width): (usize, usize),
    belongs: impl Fn((usize, usize)) -> bool,
) -> Vec<bool> {
    let mut found = vec![false; height * width];
    let mut waiting = vec![seed];
    while let Some((y, x)) = waiting.pop() {
        if found[y * width + x] || !belongs((y, x)) {
            continue;
        }
        found[y * width + x] = true;
        let steps = [(0, 1), (1, 0), (2, 1), (1, 2)];
        let next = steps.map(|(dy, dx)| ((y + dy).wrapping_sub(1), (x + dx).wrapping_sub(1)));
        waiting.extend(next.into_iter().filter(|&(y, x)| y < height && x < width));
    }
    found
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn picture(inner: f32, outer: f32) -> Array2<f32> {
        Array2::from_shape_fn((32, 32), |(y, x)| {
            let distance = (y as f32 - 16.0).hypot(x as f32 - 15.0);
            if distance >= inner && distance < outer {
                10.0
            } else {
                100.0
            }
        })
    }

    #[test]
    fn a_ring_is_as_wide_as_a_disc() {
        let disc = blob_diameter(picture(0.0, 7.0).view()).unwrap();
        let ring = blob_diameter(picture(4.0, 7.0).view()).unwrap();
        assert!((disc - 14.0).abs() < 0.5, "{disc}");
        assert!((ring - disc).abs() < 1e-9, "{ring}");
        let bright = picture(0.0, 7.0).mapv(|value| -value);
        assert!((blob_diameter(bright.view()).unwrap() - disc).abs() < 1e-9);
    }

    #[test]
    fn what_is_beside_the_middle_has_no_width() {
        let beside = |distance: f32| {
            Array2::from_shape_fn((32, 32), |(y, x)| {
                let from = (y as f32 - 16.0).hypot(x as f32 - 16.0 - distance);
                if from < 6.0 { 10.0 } else { 100.0 }
            })
        };
        assert!(blob_diameter(beside(2.0).view()).is_some());
        assert_eq!(blob_diameter(beside(9.0).view()), None);
    }

    #[test]
    fn nothing_has_no_width() {
        assert_eq!(blob_diameter(Array2::zeros((0, 0)).view()), None);
        assert_eq!(blob_diameter(Array2::from_elem((1, 1), 3.0).view()), None);
        assert_eq!(blob_diameter(Array2::from_elem((9, 9), 3.0).view()), None);
        assert_eq!(
            blob_diameter(Array2::from_elem((9, 9), f32::NAN).view()),
            None
        );
    }
}
