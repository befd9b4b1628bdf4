// The list of classes: counts, averages, names, merging.
import { classColour } from "./colours.js";
import { h } from "./dom.js";
import { classOf, merge, nameOf } from "./state.js";
import { paintAverage } from "./thumbs.js";

/** The classes as they are now, with their candidates, by number; the unassigned last. */
export function groupsOf(page, state) {
  const groups = new Map();
  page.points.labels.forEach((own, index) => {
    const label = classOf(state, own);
    if (!groups.has(label)) groups.set(label, []);
    groups.get(label).push(index);
  });
  const rows = [...groups].map(([label, indices]) => ({ label, indices }));
  return rows.sort((a, b) => (a.label || Infinity) - (b.label || Infinity));
}

/** The mean of the averages of all classes that were merged into one. */
function averageOf(page, state, label) {
  let sum = null;
  let count = 0;
  for (const known of page.manifest.classes) {
    const grey = page.averages.get(known.label);
    if (classOf(state, known.label) !== label || !grey) continue;
    sum ??= new Float64Array(grey.length);
    grey.forEach((value, i) => (sum[i] += value * known.count));
    count += known.count;
  }
  return sum && sum.map((value) => value / count);
}

function card(page, { label, indices }, ticked, actions) {
  const state = page.store.get();
  const picture = h("canvas", { width: 48, height: 48, "aria-hidden": "true" });
  const average = averageOf(page, state, label);
  if (average) paintAverage(picture, page.manifest.averages.side, average);
  const tick = h("input", {
    type: "checkbox", "aria-label": `Choose ${nameOf(state, label)} for merging`, onchange: () => actions.tick(label, tick.checked),
  });
  tick.checked = ticked.has(label);
  const name = h("input", {
    class: "name", value: nameOf(state, label), spellcheck: "false", "aria-label": `Name of class ${label}`, maxlength: 60,
    onchange: () => actions.rename(label, name.value),
    onkeydown: (event) => (event.key === "Enter" || event.key === "Escape") && name.blur(),
  });
  const pick = h("button", {
    class: "pick", title: "Select all of it; with Ctrl, add it to the selection", "aria-label": `Select ${nameOf(state, label)}, ${indices.length} candidates`,
    onclick: (event) => actions.select(label, indices, event.ctrlKey || event.metaKey || event.shiftKey),
  }, [average && picture, h("span", { class: "swatch", style: `background:${classColour(page.manifest, label)}` }, String(label))]);
  const share = ((indices.length / page.points.count) * 100).toFixed(1);
  const count = h("span", { class: "count", title: `${share} % of all` }, indices.length.toLocaleString("en"));
  return h("li", { "data-label": label }, [pick, h("div", { class: "what" }, [name, count]), tick]);
}

export function createClasses(page, list, mergeButton) {
  const ticked = new Set();
  let groups = [];
  const refreshButton = () => {
    mergeButton.disabled = ticked.size < 2;
    mergeButton.textContent = ticked.size > 1 ? `Merge ${ticked.size} classes` : "Merge";
  };
  const actions = {
    tick(label, on) {
      ticked[on ? "add" : "delete"](label);
      refreshButton();
    },
    rename(label, text) {
      const state = page.store.get();
      const name = text.trim();
      const names = new Map(state.names);
      if (name && name !== (label === 0 ? "unassigned" : `class ${label}`)) names.set(label, name);
      else names.delete(label);
      if (names.get(label) !== state.names.get(label)) page.store.commit("rename a class", { names });
      else render();
    },
    select: (label, indices, add) => page.select(indices, add ? "add" : "replace", `select ${nameOf(page.store.get(), label)}`),
  };
  mergeButton.addEventListener("click", () => {
    const state = page.store.get();
    const rows = groups.filter(({ label }) => ticked.has(label) && label !== 0);
    // The largest gives its number and name.
    const into = rows.reduce((a, b) => (b.indices.length > a.indices.length ? b : a)).label;
    page.store.commit("merge classes", { merged: merge(state, into, [...ticked]) });
    ticked.clear();
    refreshButton();
  });
  function render() {
    const state = page.store.get();
    groups = groupsOf(page, state);
    for (const label of ticked) if (!groups.some((group) => group.label === label)) ticked.delete(label);
    list.replaceChildren(...groups.map((group) => card(page, group, ticked, actions)));
    refreshButton();
  }
  return { render, groups: () => groups };
}
