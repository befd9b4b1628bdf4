// Everything beside the map, once the map is on the screen: lists, buttons, keys, what is kept.
import { createActions } from "./actions.js";
import { createClasses } from "./classes.js";
import { modes } from "./colours.js";
import { arrivedData, readRest } from "./data.js";
import { $, h, plural, say } from "./dom.js";
import { openExport } from "./export/dialog.js";
import { createGallery } from "./gallery.js";
import { createCard } from "./hover.js";
import { createKeys } from "./keys.js";
import { showLegend } from "./legend.js";
import { anchorsOf } from "./map.js";
import { keeper, restore } from "./persist.js";
import { createSlices } from "./slices.js";
import { nameOf, NEGATIVE, POSITIVE } from "./state.js";
import { readAverages } from "./thumbs.js";

export async function createSession(page, map, tools) {
  await arrivedData();
  readRest(page.manifest, page.points);
  const actions = createActions(page, map, say, () => Math.max(1, Number($("more-count").value) || 1));
  const ui = { page, map, actions, card: createCard(page), slices: null, modes: modes(page.manifest, page.points) };
  ui.classes = createClasses(page, $("class-list"), $("merge"));
  linkHovering(ui);
  ui.gallery = createGallery(page, $("gallery"), {
    onReject: actions.reject,
    onLocate: (index) => {
      map.goTo(index);
      ui.slices?.locate(index);
    },
    onHover: (index) => page.hover(index),
  });
  page.recolour = () => {
    setMode(ui, map.mode());
    ui.classes.render();
    ui.slices?.paint();
  };
  connectButtons(ui, tools);
  connectMap(ui);
  await connectState(ui);
  if (page.manifest.served?.slices) ui.slices = createSlices(page, $("slices"));
  page.averages = await readAverages(page.manifest);
  showClasses(ui);
  showSelection(ui);
  showSets(page.store.get());
  showHistory(page.store);
}

function setMode({ map, page }, id) {
  $("mode").value = id;
  showLegend($("legend"), map.colour(id, page.store.get()).scheme);
}

function showClasses({ classes, map, page }) {
  classes.render();
  if (!page.manifest.classes.length) return;
  const { names } = page.store.get();
  const groups = classes.groups().filter(({ label }) => label !== 0);
  groups.sort((a, b) => b.indices.length - a.indices.length);
  map.label(anchorsOf(page.points, groups).map(({ label, index }) => ({ index, text: names.get(label) ?? String(label) })));
}

function showSelection({ gallery, page, slices }) {
  const { selection } = page.store.get();
  $("selected").textContent = selection.length ? plural(selection.length, "candidate") : "nothing selected";
  $("empty").hidden = selection.length > 0;
  gallery.render(selection);
  for (const id of ["to-positive", "to-negative", "more"]) $(id).disabled = selection.length === 0;
  slices?.paint();
}

function showSets({ marks }) {
  let [positive, negative] = [0, 0];
  for (const mark of marks) {
    positive += mark === POSITIVE;
    negative += mark === NEGATIVE;
  }
  $("positive-count").textContent = positive.toLocaleString("en");
  $("negative-count").textContent = negative.toLocaleString("en");
}

function showHistory(store) {
  for (const [id, label] of [["undo", store.canUndo()], ["redo", store.canRedo()]]) {
    $(id).disabled = label === null;
    $(id).title = label ? `${id}: ${label}` : "";
  }
}

/** One candidate under the pointer, wherever it is: on the map, on the slice and on a card. */
function linkHovering(ui) {
  ui.page.hover = (index, event) => {
    if (index === null || index === undefined) ui.card.hide();
    else if (event) ui.card.show(index, event.clientX, event.clientY);
    ui.map.hover(index);
    ui.slices?.hover(index ?? null);
  };
}

function connectButtons(ui, tools) {
  const { actions, gallery, page } = ui;
  $("mode").replaceChildren(...ui.modes.map(({ id, name }, at) => h("option", { value: id }, `${at + 1} ${name}`)));
  $("mode").onchange = () => setMode(ui, $("mode").value);
  const exportDialog = () => openExport(page);
  const help = createKeys({ ...actions, exportDialog, tool: tools.change, mode: (at) => ui.modes[at] && setMode(ui, ui.modes[at].id) });
  const buttons = {
    undo: actions.undo, redo: actions.redo, more: actions.more, fit: actions.fit, home: actions.home, clear: actions.clear,
    "to-positive": actions.positive, "to-negative": actions.negative, "select-positive": actions.selectPositive,
    "select-negative": actions.selectNegative, export: exportDialog, help,
  };
  for (const [id, action] of Object.entries(buttons)) $(id).onclick = () => action();
  $("order").onclick = () => {
    gallery.turn();
    $("order").textContent = gallery.isTurned() ? "farthest first" : "nearest first";
    gallery.render(page.store.get().selection);
  };
}

function connectMap(ui) {
  const { card, classes, map, page } = ui;
  let pointer = null;
  $("map").addEventListener("mousemove", (event) => (pointer = event));
  $("map").addEventListener("mouseleave", () => page.hover(null));
  $("map").addEventListener("dblclick", () => {
    const index = map.plot.get("hoveredPoint") ?? -1;
    const group = classes.groups().find(({ indices }) => indices.includes(index));
    if (group) page.select(group.indices, "replace", `select ${nameOf(page.store.get(), group.label)}`);
  });
  map.plot.subscribe("pointover", (index) => {
    if (pointer) card.show(index, pointer.clientX, pointer.clientY);
    ui.slices?.hover(index);
  });
  map.plot.subscribe("pointout", () => {
    card.hide();
    ui.slices?.hover(null);
  });
  map.plot.subscribe("select", ({ points: indices }) => {
    page.select(indices, "replace", indices.length === 1 ? "select a point" : "lasso");
    if (indices.length === 1) ui.slices?.locate(indices[0]);
  });
  map.plot.subscribe("deselect", () => page.select([], "replace", "select nothing"));
}

/** Brings back what was kept, then shows and keeps every change. */
async function connectState(ui) {
  const { map, page } = ui;
  const { manifest, store } = page;
  const keep = keeper(manifest, (problem) => {
    $("kept").textContent = problem ?? "changes are kept";
    $("kept").className = problem ? "problem" : "";
  });
  store.subscribe((state, before, label) => {
    const changed = (part) => state[part] !== before[part];
    page.refreshChosen();
    if (changed("merged") || changed("names")) showClasses(ui);
    if (changed("merged") && map.mode() === "class") setMode(ui, "class");
    if (changed("marks")) showSets(state);
    if (changed("marks") && map.mode() === "set") setMode(ui, "set");
    if (changed("selection")) map.select(state.selection);
    if (["selection", "marks", "merged", "names"].some(changed)) showSelection(ui);
    showHistory(store);
    keep(state);
    say(label.charAt(0).toUpperCase() + label.slice(1));
  });
  const restored = await restore(manifest);
  if (restored) store.commit("what was kept", restored.state);
  say(restored?.note ?? (restored ? "Restored what you had." : "Shift and drag on the map to select; ? lists the keys."));
}
