"""Peers of `cargo xtask compare`: template matching by pytme and a Laplacian-of-Gaussian picker.

    python compare_pickers.py TOMOGRAM.mrc TEMPLATE.mrc DIAMETER OUT [DEGREES [TILTS.tlt]]

Writes OUT/pytme.tsv (voxels of OUT/binned.mrc, which has half the resolution) and OUT/log.csv (voxels of TOMOGRAM).
Protein is dark in TOMOGRAM, bright in TEMPLATE; the voxels of both have one size. DIAMETER in ångström, DEGREES between
orientations (12). PYTME_MATCH holds more arguments of pytme match, such as --defocus 40000 --ctf-correction raw.
Needs pytme (0.3.6), mrcfile, numpy and scipy; one core.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import mrcfile
import numpy as np
from scipy import ndimage

BINNING = 2


def read(path):
    with mrcfile.open(path, permissive=True) as file:
        return file.data.astype(np.float32), float(file.voxel_size.x)


def write(path, volume, voxel_size):
    with mrcfile.new(path, overwrite=True) as file:
        file.set_data(volume.astype(np.float32))
        file.voxel_size = voxel_size


def fourier_bin(volume):
    """Crops the spectrum, so that voxel i of the result is centred on voxel BINNING * i."""
    shape = [n // BINNING for n in volume.shape]
    spectrum = np.fft.fftn(volume)
    for axis, n in enumerate(shape):
        frequencies = np.fft.fftfreq(volume.shape[axis], 1 / volume.shape[axis])
        kept = np.flatnonzero((frequencies >= -(n // 2)) & (frequencies < (n + 1) // 2))
        spectrum = np.take(spectrum, kept, axis=axis)
    return np.fft.ifftn(spectrum).real / BINNING**3


def centred(template, size):
    """The template in a cube of `size` voxels, its centre of mass on voxel size // 2."""
    cube = np.zeros((size,) * 3, np.float32)
    cube[tuple(slice(0, n) for n in template.shape)] = template
    mass = ndimage.center_of_mass(np.clip(cube, 0, None))
    return ndimage.shift(cube, [size // 2 - at for at in mass], order=3, mode="grid-wrap")


def sphere(size, radius, edge):
    distance = np.sqrt(sum(axis**2 for axis in np.ogrid[(slice(-(size // 2), size - size // 2),) * 3]))
    return np.exp(-(np.clip(distance - radius, 0, None) ** 2) / (2 * edge**2))


def match(out, template, diameter, voxel_size, degrees, tilts):
    size = BINNING * 2 * round((diameter * 1.3) / (2 * BINNING * voxel_size))
    size = max(size, BINNING * -(-max(template.shape) // BINNING))
    binned_size = size // BINNING
    write(out / "template.mrc", fourier_bin(centred(template, size)), BINNING * voxel_size)
    mask = sphere(binned_size, diameter / 2 / (BINNING * voxel_size), 1.0)
    write(out / "mask.mrc", mask, BINNING * voxel_size)
    pytme = [Path(sys.executable).parent / "pytme"]
    command = ["match", "-m", out / "binned.mrc", "-i", out / "template.mrc", "-I", out / "mask.mrc"]
    command += ["--invert-target-contrast", "-a", degrees, "-n", 1, "-o", out / "pytme.pickle"]
    command += ["--wedge-axes", "2,1", "--tilt-angles", tilts or "60,60"]
    command += os.environ.get("PYTME_MATCH", "").split()
    subprocess.run([str(part) for part in pytme + command], check=True)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"pytme match: {used.ru_utime + used.ru_stime:.0f} CPU s, {degrees} degrees")
    command = ["postprocess", "--input-file", out / "pytme.pickle", "--output-prefix", out / "pytme"]
    distance = round(diameter / 2 / (BINNING * voxel_size))
    command += ["--output-format", "orientations", "--min-distance", distance, "--num-peaks", 500]
    subprocess.run([str(part) for part in pytme + command], check=True)


def laplacian_of_gaussian(out, tomogram, diameter, voxel_size):
    radius = diameter / 2 / voxel_size
    response = ndimage.gaussian_laplace(tomogram, radius / np.sqrt(3.0))
    peaks = response == ndimage.maximum_filter(response, size=2 * round(radius / 2) + 1)
    z, y, x = np.nonzero(peaks & (response > 0))
    order = np.argsort(-response[z, y, x])[:1000]
    rows = np.column_stack([x, y, z, response[z, y, x]])[order]
    np.savetxt(out / "log.csv", rows, "%g", ",", header="x,y,z,score", comments="")


def main():
    tomogram, template, diameter, out = sys.argv[1:5]
    degrees = sys.argv[5] if len(sys.argv) > 5 else "12"
    tilts = sys.argv[6] if len(sys.argv) > 6 else None
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    volume, voxel_size = read(tomogram)
    laplacian_of_gaussian(out, volume, float(diameter), voxel_size)
    write(out / "binned.mrc", fourier_bin(volume), BINNING * voxel_size)
    match(out, read(template)[0], float(diameter), voxel_size, degrees, tilts)


if __name__ == "__main__":
    main()
