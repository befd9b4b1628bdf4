// Puts the page together: the map first, everything else once it is on the screen.
import { modes } from "./colours.js";
import { readManifest, readPoints } from "./data.js";
import { $, h, plural } from "./dom.js";
import { showLegend } from "./legend.js";
import { createMap } from "./map.js";
import { createSession } from "./session.js";
import { createStore, freshState, sorted } from "./state.js";
import { createTheme } from "./theme.js";
import { createThumbs } from "./thumbs.js";

/** Everything that the parts share. */
function createPage() {
  const manifest = readManifest();
  const points = readPoints(manifest);
  const page = { manifest, points, averages: new Map(), thumbs: createThumbs(manifest), store: createStore(freshState(manifest)) };
  let chosen = new Uint8Array(points.count);
  page.isSelected = (index) => chosen[index] === 1;
  page.refreshChosen = () => {
    chosen = new Uint8Array(points.count);
    for (const index of page.store.get().selection) chosen[index] = 1;
  };
  page.select = (indices, how, label) => {
    const { selection } = page.store.get();
    let next = sorted(indices);
    if (how === "add") next = sorted([...selection, ...indices]);
    if (how === "remove") {
      const gone = new Set(indices);
      next = selection.filter((index) => !gone.has(index));
    }
    if (next.length === selection.length && next.every((index, i) => index === selection[i])) return;
    page.store.commit(label, { selection: next });
  };
  return page;
}

/** The buttons that say what dragging on the map does. */
function createTools(map) {
  let tool = "panZoom";
  const set = (next) => {
    tool = next;
    map.setTool(tool);
    $("tool-lasso").setAttribute("aria-pressed", tool === "lasso");
    $("tool-move").setAttribute("aria-pressed", tool !== "lasso");
  };
  $("tool-lasso").onclick = () => set("lasso");
  $("tool-move").onclick = () => set("panZoom");
  return { change: () => set(tool === "lasso" ? "panZoom" : "lasso") };
}

function showTitle({ title, tomograms }, { count }) {
  document.title = title;
  $("title").textContent = title;
  $("about").textContent = `${plural(count, "candidate")} · ${plural(tomograms.length, "tomogram")}`;
}

async function start() {
  const page = createPage();
  const { manifest, points, store } = page;
  showTitle(manifest, points);
  if (manifest.served?.slices) {
    document.body.classList.add("with-slices");
    $("slices").hidden = false;
  }
  let map = null;
  createTheme($("theme"), () => {
    map?.retheme();
    page.recolour?.();
  });
  map = createMap(page, $("map"), $("labels"));
  showLegend($("legend"), map.colour(modes(manifest, points)[0].id, store.get()).scheme);
  const tools = createTools(map);
  await map.isDrawn();
  // When the map was there, and when all else was, in milliseconds from the beginning: the page's tests wait for it.
  document.documentElement.dataset.drawn = Math.round(performance.now());
  await new Promise((resolve) => setTimeout(resolve, 0));
  await createSession(page, map, tools);
  document.documentElement.dataset.ready = Math.round(performance.now());
}

start().catch((error) => {
  document.body.prepend(h("p", { class: "broken", role: "alert" }, `This page could not be shown: ${error.message}`));
  throw error;
});
