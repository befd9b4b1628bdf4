// A table of voxels, as the crate cryo-io writes it (docs/formats/tables.md).
import { decimal, edge, shortest } from "./particles.js";

const field = (value) => (/[",#\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

export function csvOf(sets) {
  const all = sets.flatMap((set) => set.items);
  const optional = [
    ["score", (p) => (p.score === null ? "" : shortest(p.score)), all.some((p) => p.score !== null)],
    ["class", (p) => (p.label === null ? "" : String(p.label)), all.some((p) => p.label !== null)],
    ["class_name", (p) => p.name ?? "", all.some((p) => p.name !== null)],
  ].filter(([, , shown]) => shown);
  const header = ["tomogram", "x", "y", "z", ...optional.map(([name]) => name), "voxel_size_angstrom"];
  const rows = sets.flatMap(({ tomogram, items }) =>
    items.map((p) => [tomogram.name, decimal(p.x), decimal(p.y), decimal(p.z), ...optional.map(([, text]) => text(p)), decimal(edge(tomogram))]),
  );
  const lines = [header, ...rows].map((row) => row.map(field).join(","));
  return `# unit: voxel, first voxel 0; an integer is the centre of a voxel\n${lines.join("\n")}\n`;
}
