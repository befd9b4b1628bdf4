"""Times MiLoPYP's steps from a tomogram to candidates, written with numpy and scipy: candidates_peer.py FILE OUT [--dog 3,5] [--gauss 0.8].

An independent formulation of the published steps (docs/methods.md), not the program itself: read, float64, z-score,
Gaussian, z-score, 8 bits, min-max; one Gaussian a sigma, differences, a border of zeros, in-plane 3x3 maximum; mean +
0.5 standard deviations of the positive maxima; all voxels sorted; spheres of radius 7 suppressed by a loop over flat
offsets; a text table. Prints seconds of each step, their sum, candidates and peak resident bytes as JSON. Needs numpy,
scipy and mrcfile from PyPI.
"""

import argparse
import json
import resource
import time


def main() -> dict:
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("out")
    parser.add_argument("--dog", default="3,5", help="sigmas in voxels")
    parser.add_argument("--gauss", type=float, default=0.8, help="sigma of the first Gaussian, 0 for none")
    parser.add_argument("--radius", type=float, default=7.0)
    parser.add_argument("--border", default="10,30", help="voxels set to zero along z, and along y and x")
    arguments = parser.parse_args()

    import mrcfile
    import numpy as np
    from scipy import ndimage

    seconds = {}
    started = time.perf_counter()

    def lap(step: str) -> None:
        nonlocal started
        now = time.perf_counter()
        seconds[step] = now - started
        started = now

    def z_score(volume):
        return (volume - volume.mean()) / volume.std()

    with mrcfile.open(arguments.file, permissive=True) as mrc:
        volume = mrc.data.astype(np.float64)
    lap("read")

    volume = z_score(volume)
    window = (-2.5, 2.0)
    if arguments.gauss > 0:
        volume = ndimage.gaussian_filter(volume, arguments.gauss)
        window = (-3.0, 3.0)
    volume = z_score(volume)
    low, high = window
    volume = np.rint(np.clip(255 * (volume - low) / (high - low), 0, 255)).astype(np.uint8)
    volume = volume.astype(np.float64)
    volume = (volume - volume.min()) / (volume.max() - volume.min())
    lap("preprocess")

    sigmas = [float(sigma) for sigma in arguments.dog.split(",")]
    smooth = [ndimage.gaussian_filter(volume, sigma) for sigma in sigmas]
    lap("gaussians")

    border_z, border_xy = (int(n) for n in arguments.border.split(","))
    inside = np.zeros(volume.shape, dtype=bool)
    borders = (border_z, border_xy, border_xy)
    inside[tuple(slice(b, n - b) for b, n in zip(borders, volume.shape))] = True
    best = None
    for narrow, wide in zip(smooth, smooth[1:]):
        level = np.where(inside, wide - narrow, 0.0)
        peaks = ndimage.maximum_filter(level, size=(1, 3, 3), mode="constant", cval=-np.inf)
        level = np.where(level == peaks, level, 0.0)
        best = level if best is None else np.maximum(best, level)
    lap("maxima")

    positive = best[best > 0]
    threshold = positive.mean() + 0.5 * positive.std(ddof=1)
    flat = best.ravel()
    order = np.argsort(flat)[::-1]
    lap("sort")

    radius = arguments.radius
    reach = np.arange(-int(radius), int(radius) + 1)
    dz, dy, dx = np.meshgrid(reach, reach, reach, indexing="ij")
    sphere = dz**2 + dy**2 + dx**2 <= radius**2
    _, height, width = volume.shape
    offsets = ((dz * height + dy) * width + dx)[sphere].tolist()
    suppressed = set()
    scores, places = [], []
    for place in map(int, order):
        score = flat[place]
        if score <= threshold:
            break
        if place in suppressed:
            continue
        scores.append(score)
        places.append(place)
        for offset in offsets:
            suppressed.add(place + offset)
    lap("suppress")

    z, y, x = np.unravel_index(np.asarray(places, dtype=np.int64), volume.shape)
    with open(arguments.out, "w") as table:
        table.write("x_coord\ty_coord\tz_coord\tscore\n")
        for row in zip(x, y, z, scores):
            table.write("%d\t%d\t%d\t%.6f\n" % row)
    lap("write")
    return {"steps": seconds, "seconds": sum(seconds.values()), "candidates": len(scores)}


if __name__ == "__main__":
    result = main()
    result["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result))
