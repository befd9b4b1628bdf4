// The map of candidates: drawing, hovering, choosing.
import createScatterplot, { createRenderer } from "regl-scatterplot";
import { colouring } from "./colours.js";
import { framed } from "./dom.js";

const MOST_LABELS = 60;
const ENOUGH_FOR_MIDDLE = 2000;
const COARSE_ABOVE = 100_000;
const COARSE = 40_000;
const RESTS_AFTER_MS = 400;
const MOVES = { transition: true, transitionDuration: 300 };

/** Points shrink and fade as there are more of them. */
function pointStyle(count) {
  const size = Math.min(7, Math.max(1.2, 9 - 1.4 * Math.log10(Math.max(count, 10))));
  return { size: Math.round(size * 10) / 10, opacity: count > 200_000 ? 0.55 : count > 20_000 ? 0.75 : 0.9 };
}

function themeColours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  return { backgroundColor: of("--map"), pointColorActive: of("--ink"), pointColorHover: of("--accent"), lassoColor: of("--accent") };
}

/** The library's renderer, or what is missing for it in words. */
function rendererOrReason() {
  try {
    return createRenderer();
  } catch (error) {
    requireWebGl();
    throw error;
  }
}

function requireWebGl() {
  const context = document.createElement("canvas").getContext("webgl");
  if (!context) throw new Error("this browser draws no WebGL. Turn hardware acceleration on, or use another browser.");
  for (const name of ["OES_texture_float", "OES_element_index_uint"]) {
    if (!context.getExtension(name)) throw new Error(`the WebGL of this browser lacks ${name}. Use another browser.`);
  }
}

export function createMap(page, canvas, labelLayer) {
  const { points } = page;
  const style = pointStyle(points.count);
  const renderer = rendererOrReason();
  // By itself it draws as much as the window shows, and no more than it believes the screen to have.
  const fit = () => renderer.resize(canvas.clientWidth, canvas.clientHeight);
  fit();
  new ResizeObserver(fit).observe(canvas);
  // From here the square of the map just fits: a distance of 1 shows it from top to bottom.
  const distance = () => 1.06 * Math.max(1, canvas.clientHeight / Math.max(canvas.clientWidth, 1));
  const plot = createScatterplot({
    canvas,
    renderer,
    pointSize: style.size,
    pointSizeSelected: 2,
    pointOutlineWidth: 1.5,
    opacity: style.opacity,
    opacityInactiveMax: 1,
    opacityInactiveScale: 0.7,
    colorBy: "valueA",
    deselectOnDblClick: false,
    deselectOnEscape: false,
    lassoOnLongPress: false,
    lassoInitiator: false,
    showReticle: false,
    cameraIsFixed: false,
    actionKeyMap: { merge: "ctrl", remove: "alt", lasso: "shift" },
    cameraDistance: distance(),
    ...themeColours(),
  });
  let mode = null;
  let drawn = Promise.resolve();
  let anchors = [];

  function draw(scheme) {
    plot.set({ pointColor: scheme.palette.length > 1 ? scheme.palette : [scheme.palette[0], scheme.palette[0]] });
    const known = plot.get("spatialIndex");
    const options = { zDataType: "categorical", ...(known ? { spatialIndex: known } : {}) };
    const selection = page.store.get().selection;
    // The library takes anything but a plain array for one point.
    if (selection.length) options.select = Array.from(selection);
    return plot.draw({ x: points.x, y: points.y, z: scheme.values }, options);
  }

  function colour(next, state) {
    mode = next;
    const scheme = colouring(mode, page.manifest, points, state);
    // One after the other: the library refuses a draw while another is under way.
    drawn = drawn.then(() => draw(scheme));
    return { scheme, drawn };
  }

  const placeLabels = framed(() => {
    for (const { node, index } of anchors) {
      const place = plot.getScreenPosition(index);
      node.style.display = place ? "" : "none";
      if (place) node.style.transform = `translate(${place[0]}px, ${place[1]}px) translate(-50%, -50%)`;
    }
  });
  plot.subscribe("view", placeLabels);
  plot.subscribe("transitionEnd", placeLabels);
  createDetail(page, plot, canvas);
  new ResizeObserver(placeLabels).observe(canvas);

  return {
    plot,
    colour,
    mode: () => mode,
    isDrawn: () => drawn,
    select(indices) {
      drawn = drawn.then(() => (indices.length ? plot.select(Array.from(indices), { preventEvent: true }) : plot.deselect({ preventEvent: true })));
    },
    hover: (index) => plot.hover(index ?? -1, { preventEvent: true }),
    zoomTo: (indices) => plot.zoomToPoints(Array.from(indices), { padding: 0.35, ...MOVES }),
    home: () => plot.zoomToLocation([0, 0], distance(), MOVES),
    /** Brings a candidate into the middle, no nearer than its surroundings can be seen. */
    goTo: (index) => plot.zoomToLocation([points.x[index], points.y[index]], Math.min(plot.get("cameraDistance")[0] ?? plot.get("cameraDistance"), distance() / 2), MOVES),
    setTool: (tool) => plot.set({ mouseMode: tool }),
    retheme: () => plot.set(themeColours()),
    /** Writes the number or name of each class on the map. */
    label(classes) {
      labelLayer.replaceChildren();
      anchors = classes.slice(0, MOST_LABELS).map(({ index, text }) => {
        const node = document.createElement("span");
        node.textContent = text;
        labelLayer.append(node);
        return { node, index };
      });
      drawn.then(placeLabels);
    },
  };
}

/**
 * While a map of very many points moves, every so many of them are drawn, and all once it rests: a graphics card
 * does not need it, a computer without one does.
 */
function createDetail(page, plot, canvas) {
  const { count } = page.points;
  if (count <= COARSE_ABOVE) return;
  const step = Math.ceil(count / COARSE);
  const few = Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
  let coarse = false;
  let held = false;
  let resting = 0;
  const rest = () => {
    clearTimeout(resting);
    if (!coarse) return;
    coarse = false;
    plot.unfilter({ preventEvent: true });
    const { selection } = page.store.get();
    if (selection.length) plot.select(Array.from(selection), { preventEvent: true });
  };
  plot.subscribe("view", () => {
    if (!coarse) {
      coarse = true;
      plot.filter(few, { preventEvent: true });
    }
    clearTimeout(resting);
    if (!held) resting = setTimeout(rest, RESTS_AFTER_MS);
  });
  canvas.addEventListener("pointerdown", () => (held = true));
  addEventListener("pointerup", () => {
    held = false;
    resting = setTimeout(rest, RESTS_AFTER_MS);
  });
  // A lasso chooses among what is drawn.
  plot.subscribe("lassoStart", rest);
}

/** For each class the candidate nearest to the middle of its candidates on the map. */
export function anchorsOf(points, groups) {
  const middle = (values) => values.sort()[values.length >> 1];
  return groups.map(({ label, indices }) => {
    const step = Math.ceil(indices.length / ENOUGH_FOR_MIDDLE);
    const some = Array.from({ length: Math.ceil(indices.length / step) }, (_, i) => indices[i * step]);
    const x = middle(Float32Array.from(some, (i) => points.x[i]));
    const y = middle(Float32Array.from(some, (i) => points.y[i]));
    let best = indices[0];
    let least = Infinity;
    for (const i of indices) {
      const distance = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
      if (distance < least) [least, best] = [distance, i];
    }
    return { label, index: best };
  });
}
