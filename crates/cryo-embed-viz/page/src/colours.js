// Colours of the points: each way of colouring is a palette and a number in it for every point.
import { classOf, nameOf } from "./state.js";

/** Cividis (Nuñez et al. 2018, doi 10.1371/journal.pone.0199239): read alike with and without colour blindness. */
const CIVIDIS = ["#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];
const STEPS = 64;
const GREY = "#9a9a9a";

const channels = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const hex = (rgb) => `#${rgb.map((c) => Math.round(c).toString(16).padStart(2, "0")).join("")}`;

function ramp(anchors, steps) {
  return Array.from({ length: steps }, (_, step) => {
    const place = (step / (steps - 1)) * (anchors.length - 1);
    const low = Math.min(Math.floor(place), anchors.length - 2);
    const [a, b] = [channels(anchors[low]), channels(anchors[low + 1])];
    return hex(a.map((c, i) => c + (b[i] - c) * (place - low)));
  });
}

export const SEQUENTIAL = ramp(CIVIDIS, STEPS);

/** Relative luminance (WCAG 2.2). */
function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The colour, mixed with white or black until it stands out from the map: at 3 to 1 on dark, 2 to 1 on light. */
export function legible(colour, dark = document.documentElement.dataset.theme === "dark") {
  const stands = (rgb) => (dark ? luminance(rgb) + 0.05 >= 0.19 : luminance(rgb) + 0.05 <= 0.5);
  const rgb = channels(colour);
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = rgb.map((c) => c + ((dark ? 255 : 0) - c) * share);
    if (stands(mixed)) return hex(mixed);
  }
  return colour;
}

export function classColour(manifest, label, dark) {
  return legible(manifest.class_colours[label] ?? GREY, dark);
}

export function tomogramColour(manifest, tomogram, dark) {
  return legible(manifest.tomogram_colours[tomogram % manifest.tomogram_colours.length], dark);
}

function byClass(manifest, points, state) {
  const shown = [...new Set(manifest.classes.map(({ label }) => classOf(state, label)))].sort((a, b) => a - b);
  const place = new Map(shown.map((label, index) => [label, index]));
  const highest = manifest.classes.reduce((most, { label }) => Math.max(most, label), 0);
  const table = new Float32Array(highest + 1);
  for (const { label } of manifest.classes) table[label] = place.get(classOf(state, label));
  return {
    palette: shown.map((label) => classColour(manifest, label)),
    values: Float32Array.from(points.labels, (label) => table[label]),
    legend: null,
    describe: (index) => nameOf(state, classOf(state, points.labels[index])),
  };
}

function byPlace(manifest, points) {
  const side = Math.round(Math.sqrt(manifest.map_colours.length));
  const cell = (value) => Math.min(side - 1, Math.max(0, Math.round(((value + 1) / 2) * (side - 1))));
  const range = (values) => values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [1, -1]);
  const stretch = ([low, high], v) => (high > low ? ((v - low) / (high - low)) * 2 - 1 : 0);
  const [xs, ys] = [range(points.x), range(points.y)];
  const values = Float32Array.from(points.x, (x, i) => cell(stretch(xs, x)) * side + cell(stretch(ys, points.y[i])));
  return { palette: manifest.map_colours.map((colour) => legible(colour)), values, legend: { text: "near places have like colours" } };
}

function byTomogram(manifest, points) {
  return {
    palette: manifest.tomograms.map((_, index) => tomogramColour(manifest, index)),
    values: Float32Array.from(points.tomogram),
    legend: { entries: manifest.tomograms.slice(0, 30).map((t, index) => [tomogramColour(manifest, index), t.name]) },
  };
}

function percentile(values, share) {
  const finite = values.filter(Number.isFinite).sort();
  return finite.length ? finite[Math.min(finite.length - 1, Math.floor(finite.length * share))] : 0;
}

function byNumber(values, text) {
  const [low, high] = [percentile(values, 0.01), percentile(values, 0.99)];
  const scale = high > low ? (STEPS - 1) / (high - low) : 0;
  const place = (v) => (Number.isFinite(v) ? Math.min(STEPS - 1, Math.max(0, Math.round((v - low) * scale))) : STEPS);
  return {
    palette: [...SEQUENTIAL, GREY],
    values: Float32Array.from(values, place),
    legend: { ramp: SEQUENTIAL, low, high, text },
  };
}

const SETS = [
  ["#9a9a9a", "neither"],
  ["#0072b2", "positive"],
  ["#d55e00", "negative"],
];

function bySet(state) {
  return { palette: SETS.map(([colour]) => colour), values: Float32Array.from(state.marks), legend: { entries: SETS } };
}

/** The ways to colour this page has data for, with their names. */
export function modes(manifest, points) {
  const all = [
    ["class", "Class", manifest.classes.length > 0],
    ["place", "Place on the map", true],
    ["tomogram", "Tomogram", true],
    ["score", "Score", Boolean(points.score)],
    ["outlier", "Outlier score", Boolean(points.outlier)],
    ["set", "Positive / negative", true],
  ];
  return all.filter(([, , there]) => there).map(([id, name]) => ({ id, name }));
}

export function colouring(mode, manifest, points, state) {
  switch (mode) {
    case "place":
      return byPlace(manifest, points);
    case "tomogram":
      return byTomogram(manifest, points);
    case "score":
      return byNumber(points.score, "score, higher is better");
    case "outlier":
      return byNumber(points.outlier, "distance to the class in its own spread");
    case "set":
      return bySet(state);
    default:
      return byClass(manifest, points, state);
  }
}
