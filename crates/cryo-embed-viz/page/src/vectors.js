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

/** The candidates nearest to their own centre first, with their distances. */
export function byDistance(points, indices) {
  if (!points.embedding) return Array.from(indices, (index) => ({ index, distance: NaN }));
  const distances = distancesTo(points, centreOf(points, indices), indices);
  const rows = Array.from(indices, (index, row) => ({ index, distance: distances[row] }));
  return rows.sort((a, b) => a.distance - b.distance || a.index - b.index);
}

/** Up to 64 of them, spread from the innermost to the outermost. */
function representatives(points, indices) {
  const rows = byDistance(points, indices);
  const count = Math.min(rows.length, REPRESENTATIVES);
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)].index);
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
  const rows = [];
  for (let index = 0; index < points.count; index++) {
    if (taken[index]) continue;
    const distance = nearest(points, index, good);
    if (bad.length && nearest(points, index, bad) < distance) continue;
    rows.push({ index, distance });
  }
  rows.sort((a, b) => a.distance - b.distance || a.index - b.index);
  return rows.slice(0, wanted).map((row) => row.index);
}
