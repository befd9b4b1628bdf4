// Puts the page together: the map first, everything else once it is on the screen.
import { createClasses } from "./classes.js";
import { colouring, modes } from "./colours.js";
import { arrivedData, readManifest, readPoints, readRest } from "./data.js";
import { h, plural } from "./dom.js";
import { openExport } from "./export/dialog.js";
import { createGallery } from "./gallery.js";
import { createCard } from "./hover.js";
import { createKeys } from "./keys.js";
import { anchorsOf, createMap } from "./map.js";
import { keeper, restore } from "./persist.js";
import { createSlices } from "./slices.js";
import { createStore, freshState, nameOf, marked, NEGATIVE, POSITIVE, sorted, UNMARKED, withMark } from "./state.js";
import { createTheme } from "./theme.js";
import { createThumbs, readAverages } from "./thumbs.js";
import { moreLike } from "./vectors.js";

const $ = (id) => document.getElementById(id);

function say(text) {
  $("status").textContent = text;
}

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

function showLegend({ legend }) {
  const node = $("legend");
  node.replaceChildren();
  if (!legend) return;
  if (legend.entries) {
    node.append(...legend.entries.map(([colour, text]) => h("span", {}, [h("i", { style: `background:${colour}` }), text])));
  } else if (legend.ramp) {
    const low = legend.low.toPrecision(3);
    const high = legend.high.toPrecision(3);
    node.append(h("span", {}, [low, h("i", { class: "ramp", style: `background:linear-gradient(90deg,${legend.ramp.join(",")})` }), high, ` ${legend.text}`]));
  } else node.append(h("span", {}, legend.text));
}

function selectionActions(page, map) {
  const { points, store } = page;
  const mark = (value, label) => () => {
    const { selection } = store.get();
    if (selection.length) store.commit(label, { marks: withMark(store.get(), selection, value) });
    else say("Select something first: Shift and drag on the map, or click a class.");
  };
  return {
    positive: mark(POSITIVE, "mark as positive"),
    negative: mark(NEGATIVE, "mark as negative"),
    unmark: mark(UNMARKED, "take the marks off"),
    selectPositive: () => page.select(marked(store.get(), POSITIVE), "replace", "select the positives"),
    invert: () => {
      const rest = [];
      for (let i = 0; i < points.count; i++) if (!page.isSelected(i)) rest.push(i);
      page.select(rest, "replace", "select the rest");
    },
    clear: () => page.select([], "replace", "select nothing"),
    fit: () => store.get().selection.length && map.zoomTo(store.get().selection),
    home: map.home,
    undo: () => store.undo() ?? say("Nothing to undo."),
    redo: () => store.redo() ?? say("Nothing to do again."),
    more: () => {
      const { selection } = store.get();
      if (!points.embedding) return say("This page holds no embedding to compare by.");
      if (!selection.length) return say("Select something first; more like it can be found then.");
      const wanted = Math.max(1, Number($("more-count").value) || 1);
      const found = moreLike(points, selection, marked(store.get(), NEGATIVE), wanted);
      if (!found.length) return say("There are no more like these.");
      page.select(found, "add", `add ${found.length} more like these`);
    },
    reject: (index) => {
      const state = store.get();
      store.commit("reject", { selection: state.selection.filter((other) => other !== index), marks: withMark(state, [index], NEGATIVE) });
    },
  };
}

function start() {
  const page = createPage();
  const { manifest, points, store } = page;
  document.title = manifest.title;
  $("title").textContent = manifest.title;
  $("about").textContent = `${plural(points.count, "candidate")} · ${plural(manifest.tomograms.length, "tomogram")}`;
  $("card")?.remove();

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
  page.map = map;
  showLegend(map.colour(modes(manifest, points)[0].id, store.get()).scheme);
  let tool = "panZoom";
  const setTool = (next) => {
    tool = next;
    map.setTool(tool);
    $("tool-lasso").setAttribute("aria-pressed", tool === "lasso");
    $("tool-move").setAttribute("aria-pressed", tool !== "lasso");
  };
  $("tool-lasso").onclick = () => setTool("lasso");
  $("tool-move").onclick = () => setTool("panZoom");
  map.isDrawn().then(() => {
    document.documentElement.dataset.drawn = Math.round(performance.now());
    setTimeout(() => finish(page, map, { setTool, tool: () => tool }), 0);
  });
}

async function finish(page, map, tools) {
  const { manifest, points, store } = page;
  await arrivedData();
  readRest(manifest, points);
  const actions = selectionActions(page, map);
  const available = modes(manifest, points);
  const keep = keeper(manifest, (problem) => {
    $("kept").textContent = problem ?? "changes are kept";
    $("kept").className = problem ? "problem" : "";
  });
  const card = createCard(page);
  const classes = createClasses(page, $("class-list"), $("merge"));
  let slices = null;
  page.hover = (index, event) => {
    if (index === null || index === undefined) card.hide();
    else if (event) card.show(index, event.clientX, event.clientY);
    map.hover(index);
    slices?.hover(index ?? null);
  };
  const gallery = createGallery(page, $("gallery"), {
    onReject: actions.reject,
    onLocate: (index) => {
      map.goTo(index);
      slices?.locate(index);
    },
    onHover: (index) => page.hover(index),
  });

  function showClasses() {
    classes.render();
    const groups = classes.groups().filter(({ label }) => label !== 0);
    const state = store.get();
    const anchors = anchorsOf(points, groups.toSorted((a, b) => b.indices.length - a.indices.length));
    map.label(manifest.classes.length ? anchors.map(({ label, index }) => ({ index, text: state.names.get(label) ?? String(label) })) : []);
  }
  function setMode(id) {
    $("mode").value = id;
    const { scheme } = map.colour(id, store.get());
    showLegend(scheme);
  }
  page.recolour = () => {
    setMode(map.mode());
    classes.render();
    slices?.paint();
  };
  function showSelection(state) {
    const { selection } = state;
    $("selected").textContent = selection.length ? plural(selection.length, "candidate") : "nothing selected";
    $("empty").hidden = selection.length > 0;
    gallery.render(selection);
    for (const id of ["to-positive", "to-negative", "more"]) $(id).disabled = selection.length === 0;
    slices?.paint();
  }
  function showSets(state) {
    let [positive, negative] = [0, 0];
    for (const mark of state.marks) {
      positive += mark === POSITIVE;
      negative += mark === NEGATIVE;
    }
    $("positive-count").textContent = positive.toLocaleString("en");
    $("negative-count").textContent = negative.toLocaleString("en");
  }
  function showHistory() {
    for (const [id, label] of [["undo", store.canUndo()], ["redo", store.canRedo()]]) {
      $(id).disabled = label === null;
      $(id).title = label ? `${id}: ${label}` : "";
    }
  }

  $("mode").replaceChildren(...available.map(({ id, name }, at) => h("option", { value: id }, `${at + 1} ${name}`)));
  $("mode").onchange = () => setMode($("mode").value);
  const exportDialog = () => openExport(page);
  const help = createKeys({
    ...actions, exportDialog, tool: () => tools.setTool(tools.tool() === "lasso" ? "panZoom" : "lasso"),
    mode: (at) => available[at] && setMode(available[at].id),
  });
  for (const [id, action] of [
    ["undo", actions.undo], ["redo", actions.redo], ["to-positive", actions.positive], ["to-negative", actions.negative],
    ["more", actions.more], ["fit", actions.fit], ["home", actions.home], ["clear", actions.clear], ["export", exportDialog], ["help", help],
    ["select-positive", actions.selectPositive], ["select-negative", () => page.select(marked(store.get(), NEGATIVE), "replace", "select the negatives")],
  ]) $(id).onclick = action;
  $("order").onclick = () => {
    gallery.turn();
    $("order").textContent = gallery.isTurned() ? "farthest first" : "nearest first";
    gallery.render(store.get().selection);
  };

  let pointer = null;
  $("map").addEventListener("mousemove", (event) => (pointer = event));
  $("map").addEventListener("mouseleave", () => page.hover(null));
  $("map").addEventListener("dblclick", () => {
    const index = map.plot.get("hoveredPoint") ?? -1;
    const group = classes.groups().find(({ indices }) => indices.includes(index));
    if (group) page.select(group.indices, "replace", `select ${nameOf(store.get(), group.label)}`);
  });
  map.plot.subscribe("pointover", (index) => {
    if (pointer) card.show(index, pointer.clientX, pointer.clientY);
    slices?.hover(index);
  });
  map.plot.subscribe("pointout", () => {
    card.hide();
    slices?.hover(null);
  });
  map.plot.subscribe("select", ({ points: indices }) => {
    page.select(indices, "replace", indices.length === 1 ? "select a point" : "lasso");
    if (indices.length === 1) slices?.locate(indices[0]);
  });
  map.plot.subscribe("deselect", () => page.select([], "replace", "select nothing"));

  store.subscribe((state, before, label) => {
    page.refreshChosen();
    const regrouped = state.merged !== before.merged || state.names !== before.names;
    if (regrouped) showClasses();
    if (state.merged !== before.merged && map.mode() === "class") setMode("class");
    if (state.marks !== before.marks) {
      showSets(state);
      if (map.mode() === "set") setMode("set");
    }
    if (state.selection !== before.selection) map.select(state.selection);
    if (state.selection !== before.selection || regrouped || state.marks !== before.marks) showSelection(state);
    showHistory();
    keep(state);
    say(label.charAt(0).toUpperCase() + label.slice(1));
  });

  const restored = await restore(manifest);
  if (restored) store.commit("what was kept", restored.state);
  say(restored?.note ?? (restored ? "Restored what you had." : "Shift and drag on the map to select; ? lists the keys."));
  if (manifest.served?.slices) {
    slices = createSlices(page, $("slices"));
  }
  page.averages = await readAverages(manifest);
  showClasses();
  showSelection(store.get());
  showSets(store.get());
  showHistory();
  document.documentElement.dataset.ready = Math.round(performance.now());
}

// What the tests of the page look at.
try {
  start();
} catch (error) {
  document.body.prepend(h("p", { class: "broken", role: "alert" }, `This page could not be shown: ${error.message}`));
  throw error;
}
