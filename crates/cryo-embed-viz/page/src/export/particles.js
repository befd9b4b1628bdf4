// The candidates to write, one set a tomogram, as every format needs them.
import { voxel } from "../data.js";
import { classOf } from "../state.js";

/** The shortest decimal that reads back as the same 32-bit number. */
export function shortest(single) {
  for (let digits = 1; digits <= 9; digits++) {
    const text = single.toPrecision(digits);
    if (Math.fround(Number(text)) === single) return decimal(Number(text));
  }
  return decimal(single);
}

/** A number without an exponent, as the Rust side writes it. */
export function decimal(value) {
  const text = String(value);
  if (!text.includes("e")) return Object.is(value, -0) ? "-0" : text;
  const [mantissa, exponent] = text.split("e");
  const negative = mantissa.startsWith("-");
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".");
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  let plain;
  if (point <= 0) plain = `0.${"0".repeat(-point)}${digits}`;
  else if (point >= digits.length) plain = digits + "0".repeat(point - digits.length);
  else plain = `${digits.slice(0, point)}.${digits.slice(point)}`;
  return (negative ? "-" : "") + plain;
}

/** Sets in the order of the tomograms; class 0 is no class. */
export function setsOf(manifest, points, state, indices) {
  const sets = manifest.tomograms.map((tomogram) => ({ tomogram, items: [] }));
  const named = manifest.classes.length > 0;
  for (const index of indices) {
    const [z, y, x] = voxel(points, index);
    const label = named ? classOf(state, points.labels[index]) : 0;
    const score = points.score ? points.score[index] : NaN;
    sets[points.tomogram[index]].items.push({
      z, y, x,
      score: Number.isFinite(score) ? score : null,
      label: label || null,
      name: label ? (state.names.get(label) ?? null) : null,
    });
  }
  return sets.filter((set) => set.items.length > 0);
}

/** Edge of the voxels, refused where they are not cubes. */
export function edge({ name, voxel_size: [z, y, x] }) {
  if (z === y && y === x) return z;
  throw new Error(`${name}: this format has one voxel size, the tomogram has ${x} × ${y} × ${z} Å`);
}
