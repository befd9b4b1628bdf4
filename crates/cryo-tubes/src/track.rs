use crate::{Vector, cloud::Cloud, local_fit::LocalFit, params::TubeParams};

/// A chain of points that follow each other along a filament.
#[derive(Debug, Clone)]
pub(crate) struct Track {
    pub(crate) nodes: Vec<Node>,
    /// The points that are its own, by number, with their places along it.
    pub(crate) members: Vec<(usize, f64)>,
    pub(crate) length: f64,
}

/// Fewest nodes that have a direction and an uncertainty.
pub(crate) const FEWEST: usize = 3;

/// A point of a track and where the curve was when it was added.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) point: usize,
    pub(crate) smooth: Vector,
}

/// Points that a step looks back on, at most.
pub(crate) const WINDOW: usize = 24;

/// The last nodes of a track in its order if `at_end`, else its first ones in the opposite order, as many as
/// [`fit_end`] may want.
pub(crate) fn towards_end(nodes: &[Node], at_end: bool) -> Vec<Node> {
    let count = nodes.len().min(WINDOW + 1);
    if at_end {
        nodes[nodes.len() - count..].to_vec()
    } else {
        nodes[..count].iter().rev().copied().collect()
    }
}

/// The fit to the last points of a track and the place of the head on its axis; `None` without direction.
pub(crate) fn fit_end(
    cloud: &Cloud,
    params: &TubeParams,
    nodes: &[Node],
) -> Option<(LocalFit, f64)> {
    let last = nodes.last()?;
    let count = window(nodes, params);
    // Of points further apart than the reach, the last two.
    let first = nodes[nodes.len() - count.max(2).min(nodes.len())];
    let axis = (last.smooth - first.smooth).try_normalize(1e-9)?;
    // Around the middle of the window, then around the tangent at its head.
    let places = nodes[nodes.len() - count..].iter();
    let places = places.map(|node| cloud.points[node.point]);
    let fit = LocalFit::new(places, last.smooth, axis, params);
    let head = fit.along(&last.smooth);
    let guess = (fit.position(head), fit.tangent(head));
    Some(fit_around(cloud, params, nodes, guess))
}

/// The fit to the last points of a track around a place and direction near its head, and the place of the head on its
/// axis.
pub(crate) fn fit_around(
    cloud: &Cloud,
    params: &TubeParams,
    nodes: &[Node],
    (place, tangent): (Vector, Vector),
) -> (LocalFit, f64) {
    let latest = &nodes[nodes.len() - window(nodes, params)..];
    let places = latest.iter().map(|node| cloud.points[node.point]);
    let fit = LocalFit::new(places, place, tangent, params);
    let head = nodes.last().map_or(0.0, |last| {
        let point = fit.along(&cloud.points[last.point]);
        point.max(fit.along(&last.smooth))
    });
    (fit, head)
}

/// How many of the last nodes a fit looks at.
fn window(nodes: &[Node], params: &TubeParams) -> usize {
    // An arc of the largest curvature turns by 1.3 rad over the window.
    let link = params.link_distance_vox;
    let reach = (1.3 / params.max_curvature_per_vox).clamp(link, 3.0 * link);
    let Some(last) = nodes.last() else { return 0 };
    let near = |node: &&Node| (node.smooth - last.smooth).norm_squared() <= reach * reach;
    nodes.iter().rev().take(WINDOW).take_while(near).count()
}

/// Mean distance of the last nodes of a track from each other.
pub(crate) fn mean_step(nodes: &[Node]) -> f64 {
    let last = &nodes[nodes.len().saturating_sub(WINDOW)..];
    let walked: f64 = last
        .windows(2)
        .map(|pair| (pair[1].smooth - pair[0].smooth).norm())
        .sum();
    walked / (last.len().max(2) - 1) as f64
}
