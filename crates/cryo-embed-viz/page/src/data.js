// What the page was given: a manifest and arrays, inside of the document or behind addresses beside it.

const TYPES = {
  u8: Uint8Array, i8: Int8Array, u16: Uint16Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array,
};

function element(id) {
  return document.getElementById(id);
}

function bytesOfBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function readManifest() {
  return JSON.parse(element("manifest").textContent);
}

/** The array of that name, `null` where the page has none. */
export function block(manifest, name) {
  const about = manifest.blocks[name];
  if (!about) return null;
  const bytes = bytesOfBase64(element(`block-${name}`).textContent);
  const array = new TYPES[about.type](bytes.buffer);
  const expected = about.shape.reduce((product, n) => product * n, 1);
  if (array.length !== expected) throw new Error(`block ${name}: expected ${expected} numbers, got ${array.length}`);
  return { array, shape: about.shape };
}

/** A picture of the page as something an <img> or a canvas can show; `null` until the document holds it. */
export function pictureBlob(id) {
  const found = element(id);
  return found ? new Blob([bytesOfBase64(found.textContent)], { type: "image/png" }) : null;
}

/** Everything that is worth having before the first look, by name. */
export function readPoints(manifest) {
  const map = block(manifest, "map").array;
  const count = manifest.count;
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    x[i] = map[2 * i] / 32767.5 - 1;
    y[i] = map[2 * i + 1] / 32767.5 - 1;
  }
  const labels = block(manifest, "label")?.array ?? new Uint16Array(count);
  return { count, x, y, labels, tomogram: block(manifest, "tomogram").array };
}

/** Resolves when the parser has come past all arrays; the thumbnails may still follow. */
export async function arrivedData() {
  while (!element("end-of-data")) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** The rest, read when the map is on the screen. */
export function readRest(manifest, points) {
  points.position = block(manifest, "position").array;
  points.score = block(manifest, "score")?.array ?? null;
  points.outlier = block(manifest, "outlier")?.array ?? null;
  const embedding = block(manifest, "embedding");
  points.embedding = embedding?.array ?? null;
  points.dimensions = embedding?.shape[1] ?? 0;
}

/** Voxel coordinates z, y, x of a candidate. */
export function voxel(points, index) {
  return [points.position[3 * index], points.position[3 * index + 1], points.position[3 * index + 2]];
}

/** Ångström x, y, z of a candidate, from the centre of the tomogram's first voxel. */
export function angstrom(manifest, points, index) {
  const { voxel_size: size } = manifest.tomograms[points.tomogram[index]];
  const [z, y, x] = voxel(points, index);
  return [x * size[2], y * size[1], z * size[0]];
}
