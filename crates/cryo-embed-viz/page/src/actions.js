// What a person can do to the selection, by button or key.
import { marked, NEGATIVE, POSITIVE, UNMARKED, withMark } from "./state.js";
import { moreLike } from "./vectors.js";

function markingActions({ store }, say) {
  const mark = (value, label) => () => {
    const { selection } = store.get();
    if (selection.length) store.commit(label, { marks: withMark(store.get(), selection, value) });
    else say("Select something first: Shift and drag on the map, or click a class.");
  };
  return {
    positive: mark(POSITIVE, "mark as positive"),
    negative: mark(NEGATIVE, "mark as negative"),
    unmark: mark(UNMARKED, "take the marks off"),
    reject: (index) => {
      const state = store.get();
      const selection = state.selection.filter((other) => other !== index);
      store.commit("reject", { selection, marks: withMark(state, [index], NEGATIVE) });
    },
  };
}

function selectingActions(page, say, wanted) {
  const { points, store } = page;
  return {
    selectPositive: () => page.select(marked(store.get(), POSITIVE), "replace", "select the positives"),
    selectNegative: () => page.select(marked(store.get(), NEGATIVE), "replace", "select the negatives"),
    invert: () => {
      const rest = [];
      for (let i = 0; i < points.count; i++) if (!page.isSelected(i)) rest.push(i);
      page.select(rest, "replace", "select the rest");
    },
    clear: () => page.select([], "replace", "select nothing"),
    more: () => {
      const { selection } = store.get();
      if (!points.embedding) return say("This page holds no embedding to compare by.");
      if (!selection.length) return say("Select something first; more like it can be found then.");
      const found = moreLike(points, selection, marked(store.get(), NEGATIVE), wanted());
      if (!found.length) return say("There are no more like these.");
      page.select(found, "add", `add ${found.length} more like these`);
    },
  };
}

/** `wanted` says how many more are asked for. */
export function createActions(page, map, say, wanted) {
  const { store } = page;
  return {
    ...markingActions(page, say),
    ...selectingActions(page, say, wanted),
    fit: () => store.get().selection.length && map.zoomTo(store.get().selection),
    home: map.home,
    undo: () => store.undo() ?? say("Nothing to undo."),
    redo: () => store.redo() ?? say("Nothing to do again."),
  };
}
