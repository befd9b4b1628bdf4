// copick picks, one file for each class of each tomogram (docs/formats/copick.md).
import { edge, shortest } from "./particles.js";

const UNIT = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]];

function sanitized(name) {
  const clean = name.replace(/[\s\x00-\x1f\x7f<>:"/\\|?*_]/g, "-").replace(/^-+|-+$/g, "");
  if (!clean) throw new Error(`${JSON.stringify(name)} leaves no name for a copick object`);
  return clean;
}

function fileOf(tomogram, object, items) {
  const spacing = edge(tomogram);
  const points = items.map((p) => ({
    location: { x: p.x * spacing, y: p.y * spacing, z: p.z * spacing },
    transformation_: UNIT,
    instance_id: 0,
    ...(p.score === null ? {} : { score: Number(shortest(p.score)) }),
  }));
  return {
    pickable_object_name: object, user_id: "cryo", session_id: "0", run_name: tomogram.name,
    voxel_spacing: spacing, unit: "angstrom", trust_orientation: false, points,
  };
}

/** Paths below the root of a copick overlay, with their text. */
export function copickOf(sets) {
  return sets.flatMap(({ tomogram, items }) => {
    if (/^\.{0,2}$|[/\\\0]/.test(tomogram.name)) throw new Error(`${JSON.stringify(tomogram.name)} is no name for a folder`);
    const objects = new Map();
    for (const item of items) {
      const object = sanitized(item.name ?? (item.label === null ? "particle" : `class-${item.label}`));
      const same = objects.get(object) ?? { label: item.label, items: [] };
      if (same.label !== item.label) throw new Error(`two classes would be called ${object} in copick; rename one`);
      same.items.push(item);
      objects.set(object, same);
    }
    return [...objects].map(([object, same]) => ({
      path: `ExperimentRuns/${tomogram.name}/Picks/cryo_0_${object}.json`,
      text: `${JSON.stringify(fileOf(tomogram, object, same.items), null, 2)}\n`,
    }));
  });
}
