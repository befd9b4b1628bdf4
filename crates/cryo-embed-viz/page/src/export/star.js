// RELION 5 particles, in the words of the crate cryo-io (docs/formats/star.md).
import { decimal, edge, shortest } from "./particles.js";

const HEADER = [
  "RELION 5 particles: x, y, z in Angstrom from the tomogram's centre, which is the unbinned pixel n/2 by rule half; " +
    "voxel i of a tomogram binned b times is centred on pixel b*i",
  "angles: RELION's rot, tilt, psi (intrinsic ZYZ); written by cryo-io",
];

const rounded = (value) => decimal(Math.round(value * 1e9) / 1e9 || 0);

function quoted(value) {
  const bare = value !== "" && !/[\s]/.test(value) && !/^[_#$'";]/.test(value) && !/^(data_|loop_|save_|stop_|global_)/i.test(value);
  if (bare) return value;
  if (/[\n\r]/.test(value)) throw new Error(`${JSON.stringify(value)} has a line break`);
  for (const quote of ['"', "'"]) {
    if (!new RegExp(`${quote}\\s`).test(value)) return quote + value + quote;
  }
  throw new Error(`${JSON.stringify(value)} cannot be quoted in STAR`);
}

function table(name, columns, rows) {
  const labels = columns.map((column, index) => `_${column} #${index + 1}`);
  return `data_${name}\n\nloop_\n${labels.join("\n")}\n${rows.map((row) => row.join(" ")).join("\n")}\n`;
}

/** Ångström x, y, z from the centre n/2 of the tomogram, whose own voxels count as unbinned. */
function centred({ shape, pixel, voxel_size: size }, { z, y, x }) {
  const along = (coordinate, axis) => {
    const binning = size[axis] / pixel;
    const unbinned = Math.round((shape[axis] * size[axis]) / pixel);
    return (coordinate * binning - unbinned / 2) / (1 / pixel);
  };
  return [along(x, 2), along(y, 1), along(z, 0)];
}

export function starOf(sets) {
  const all = sets.flatMap((set) => set.items);
  const has = { score: all.some((p) => p.score !== null), label: all.some((p) => p.label !== null), name: all.some((p) => p.name !== null) };
  const pixels = [...new Set(sets.map(({ tomogram }) => ((tomogram.pixel = edge(tomogram)), tomogram.pixel)))];
  const columns = ["rlnTomoName", "rlnTomoParticleName", "rlnCenteredCoordinateXAngst", "rlnCenteredCoordinateYAngst", "rlnCenteredCoordinateZAngst"];
  if (has.score) columns.push("rlnAutopickFigureOfMerit");
  if (has.label) columns.push("rlnClassNumber");
  if (has.name) columns.push("cryoClassName");
  columns.push("rlnOpticsGroup");
  const rows = sets.flatMap(({ tomogram, items }) =>
    items.map((item, index) => {
      const row = [quoted(tomogram.name), quoted(`${tomogram.name}/${index + 1}`), ...centred(tomogram, item).map(rounded)];
      if (has.score) row.push(item.score === null ? "nan" : shortest(item.score));
      if (has.label) row.push(item.label ?? -1);
      if (has.name) row.push(quoted(item.name ?? ""));
      row.push(pixels.indexOf(tomogram.pixel) + 1);
      return row;
    }),
  );
  const optics = pixels.map((pixel, index) => [index + 1, `opticsGroup${index + 1}`, decimal(pixel)]);
  const axes = [2, 1, 0];
  const tomograms = sets.map(({ tomogram: t }) => [
    quoted(t.name),
    ...axes.map((axis) => t.shape[axis]),
    ...axes.map((axis) => decimal(t.voxel_size[axis])),
    ...axes.map((axis) => Math.round((t.shape[axis] * t.voxel_size[axis]) / t.pixel)),
    decimal(t.pixel),
  ]);
  const sizes = ["cryoTomogramSizeX", "cryoTomogramSizeY", "cryoTomogramSizeZ", "cryoVoxelSizeX", "cryoVoxelSizeY", "cryoVoxelSizeZ", "rlnTomoSizeX", "rlnTomoSizeY", "rlnTomoSizeZ"];
  return [
    HEADER.map((line) => `# ${line}\n`).join(""),
    table("optics", ["rlnOpticsGroup", "rlnOpticsGroupName", "rlnTomoTiltSeriesPixelSize"], optics),
    table("particles", columns, rows),
    table("cryo_tomograms", ["rlnTomoName", ...sizes, "rlnTomoTiltSeriesPixelSize"], tomograms),
  ].join("\n");
}
