// Slices of a tomogram with its candidates, linked to the map; there only when the page is served.
import { classColour, tomogramColour } from "./colours.js";
import { framed, h } from "./dom.js";
import { classOf, NEGATIVE } from "./state.js";
import { fetched } from "./thumbs.js";

/** Candidates this many voxels above and below a slice are drawn on it, fainter as they are farther. */
const REACH = 6;

export function createSlices(page, panel) {
  const { manifest, points } = page;
  const byTomogram = manifest.tomograms.map(() => []);
  points.tomogram.forEach((tomogram, index) => byTomogram[tomogram].push(index));
  const canvas = h("canvas", { id: "slice", tabindex: 0, "aria-label": "Slice of the tomogram; the arrow keys up and down go through it" });
  const choice = h("select", { id: "slice-tomogram", "aria-label": "Tomogram", onchange: () => open(Number(choice.value)) },
    manifest.tomograms.map((t, i) => h("option", { value: i }, t.name)));
  const slider = h("input", { id: "slice-z", type: "range", min: 0, value: 0, "aria-label": "z", oninput: () => go(Number(slider.value)) });
  const readout = h("output", { id: "slice-readout" });
  const dark = h("input", { type: "range", min: 0, max: 100, value: 8, "aria-label": "Black", title: "what is black", oninput: () => paint() });
  const bright = h("input", { type: "range", min: 0, max: 100, value: 92, "aria-label": "White", title: "what is white", oninput: () => paint() });
  const denoise = h("input", { id: "slice-denoise", type: "checkbox", onchange: () => load() });
  const overlay = h("input", { type: "checkbox", onchange: () => paint() });
  overlay.checked = true;
  const message = h("p", { class: "message", role: "status" });
  panel.append(
    h("div", { class: "row tools" }, [
      choice, h("label", { class: "grow" }, ["z", slider, readout]),
      h("label", {}, ["contrast", dark, bright]),
      h("label", { class: "check", title: "mean of 5 slices, then a Gaussian of 1 voxel" }, [denoise, "denoised"]),
      h("label", { class: "check" }, [overlay, "candidates"]),
    ]),
    h("div", { class: "stage" }, [canvas, message]),
  );
  let tomogram = 0;
  let z = 0;
  let grey = null;
  let hovered = null;
  let asked = 0;

  /** Voxels a pixel of the screen: the slice keeps its shape in the middle of its element. */
  const scale = () => Math.max(grey.width / Math.max(canvas.clientWidth, 1), grey.height / Math.max(canvas.clientHeight, 1));
  const radius = () => Math.max(6, Math.min(grey.width, grey.height) / 60);

  function near() {
    return byTomogram[tomogram].filter((index) => Math.abs(points.position[3 * index] - z) <= REACH);
  }

  const paint = framed(() => {
    if (!grey) return;
    const { width, height, data } = grey;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d");
    const [low, high] = [Number(dark.value) * 2.55, Number(bright.value) * 2.55];
    const table = Uint8ClampedArray.from({ length: 256 }, (_, level) => ((level - low) / Math.max(high - low, 1)) * 255);
    const picture = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      const level = table[data[4 * i]];
      picture.data.set([level, level, level, 255], 4 * i);
    }
    context.putImageData(picture, 0, 0);
    if (overlay.checked) for (const index of near()) circle(context, index);
  });

  function circle(context, index) {
    const state = page.store.get();
    const [dz, y, x] = [points.position[3 * index] - z, points.position[3 * index + 1], points.position[3 * index + 2]];
    const selected = page.isSelected(index);
    const marked = index === hovered;
    context.globalAlpha = marked ? 1 : 1 - Math.abs(dz) / (REACH + 1);
    context.beginPath();
    context.arc(x + 0.5, y + 0.5, radius() * (marked ? 1.5 : 1), 0, 2 * Math.PI);
    context.lineWidth = Math.max(0.6, scale()) * (selected || marked ? 3 : 1.6);
    context.setLineDash(state.marks[index] === NEGATIVE ? [4, 4] : []);
    context.strokeStyle = manifest.classes.length ? classColour(manifest, classOf(state, points.labels[index]), true) : tomogramColour(manifest, tomogram, true);
    if (selected) {
      context.save();
      context.lineWidth *= 1.9;
      context.strokeStyle = "#fff";
      context.stroke();
      context.restore();
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  const load = framed(async () => {
    const ticket = ++asked;
    try {
      const blob = await fetched(`slices/${tomogram}/${z}.png?denoise=${denoise.checked ? 1 : 0}`);
      const image = await createImageBitmap(blob);
      if (ticket !== asked) return;
      const scratch = new OffscreenCanvas(image.width, image.height);
      const context = scratch.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      grey = context.getImageData(0, 0, image.width, image.height);
      message.textContent = "";
    } catch (error) {
      if (ticket !== asked) return;
      grey = null;
      canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      message.textContent = error.message;
    }
    canvas.dataset.shown = `${tomogram}/${z}/${denoise.checked ? 1 : 0}`;
    paint();
  });

  function go(next) {
    const [depth] = manifest.tomograms[tomogram].shape;
    z = Math.min(depth - 1, Math.max(0, Math.round(next)));
    slider.value = z;
    readout.textContent = `${z} · ${(z * manifest.tomograms[tomogram].voxel_size[0]).toFixed(0)} Å`;
    load();
  }

  function open(next, at) {
    tomogram = next;
    choice.value = next;
    const [depth] = manifest.tomograms[next].shape;
    slider.max = depth - 1;
    go(at ?? depth >> 1);
  }

  function under(event) {
    if (!grey) return null;
    const box = canvas.getBoundingClientRect();
    const along = (at, start, length, pixels) => (at - start - length / 2) * scale() + pixels / 2;
    const x = along(event.clientX, box.left, box.width, grey.width);
    const y = along(event.clientY, box.top, box.height, grey.height);
    let [found, least] = [null, (radius() * 1.4) ** 2];
    for (const index of near()) {
      const distance = (points.position[3 * index + 2] + 0.5 - x) ** 2 + (points.position[3 * index + 1] + 0.5 - y) ** 2;
      if (distance < least) [found, least] = [index, distance];
    }
    return found;
  }

  canvas.addEventListener("mousemove", (event) => page.hover(under(event), event));
  canvas.addEventListener("mouseleave", () => page.hover(null));
  canvas.addEventListener("click", (event) => {
    const index = under(event);
    if (index === null) return;
    const add = event.ctrlKey || event.metaKey || event.shiftKey;
    page.select([index], add ? (page.isSelected(index) ? "remove" : "add") : "replace", "select on the slice");
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    go(z + Math.sign(event.deltaY));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      go(z + step);
    }
  });
  open(0);
  return {
    paint,
    /** Goes to the slice through a candidate. */
    locate: (index) => {
      hovered = index;
      open(points.tomogram[index], points.position[3 * index]);
    },
    hover: (index) => {
      hovered = index;
      paint();
    },
  };
}
