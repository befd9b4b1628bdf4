// Distances in the reduced embedding.

const REPRESENTATIVES = 64;

/** Mean vector of some candidates. */
export function centreOf(points, indices) {
  const { embedding, dimensions } = points;
  const centre = new Float64Array(dimensions);
  for (const index of indices) {
    for (let d = 0; d < dimensions; d++) centre[d] += embedding[index * dimensions + d];
  }
  return centre.map((sum) => sum / Math.max(indices.length, 1));
}

export function distancesTo(points, centre, indices) {
  const { embedding, dimensions } = points;
  return Float32Array.from(indices, (index) => {
    let sum = 0;
    for (let d = 0; d < dimensions; d++) sum += (embedding[index * dimensions + d] - centre[d]) ** 2;
    return Math.sqrt(sum);
  });
}

/** Places of distances from the least to the largest, ties in order; for up to 2^21 of them, none negative. */
function ascending(distances) {
  // The bits of such numbers grow with them, and fit with the place into 53 bits, which sort without a call each.
  const bits = new Uint32Array(distances.buffer);
  const keys = Float64Array.from(bits, (bit, place) => bit * 2 ** 21 + place).sort();
  return Uint32Array.from(keys, (key) => key % 2 ** 21);
}

/** The candidates nearest to their own centre first, and their distances; NaN without an embedding. */
export function byDistance(points, indices) {
  const known = points.embedding ? distancesTo(points, centreOf(points, indices), indices) : new Float32Array(indices.length).fill(NaN);
  const order = ascending(known);
  return { indices: Uint32Array.from(order, (row) => indices[row]), distances: Float32Array.from(order, (row) => known[row]) };
}

/** Up to 64 of them, spread from the innermost to the outermost. */
function representatives(points, indices) {
  const rows = byDistance(points, indices).indices;
  const count = Math.min(rows.length, REPRESENTATIVES);
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)]);
}

function nearest(points, index, others) {
  const { embedding, dimensions } = points;
  const start = index * dimensions;
  let least = Infinity;
  for (const other of others) {
    const offset = other * dimensions;
    let sum = 0;
    for (let d = 0; d < dimensions && sum < least; d++) {
      const step = embedding[start + d] - embedding[offset + d];
      sum += step * step;
    }
    if (sum < least) least = sum;
  }
  return least;
}

/**
 * The `wanted` candidates nearest to any of `like`, without those and without the `unlike`; a candidate nearer
 * to one of the `unlike` than to all of `like` is left out.
 */
export function moreLike(points, like, unlike, wanted) {
  const taken = new Uint8Array(points.count);
  for (const index of like) taken[index] = 1;
  for (const index of unlike) taken[index] = 1;
  const good = representatives(points, like);
  const bad = representatives(points, unlike);
  const distances = new Float32Array(points.count).fill(Infinity);
  for (let index = 0; index < points.count; index++) {
    if (!taken[index]) distances[index] = nearest(points, index, good);
  }
  const found = [];
  for (const index of ascending(distances)) {
    if (found.length === wanted || distances[index] === Infinity) break;
    if (!bad.length || nearest(points, index, bad) >= distances[index]) found.push(index);
  }
  return found;
}
