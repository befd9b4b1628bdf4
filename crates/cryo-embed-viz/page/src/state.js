// What a person has decided: never changed in place, so that each earlier state is there to go back to.

export const UNMARKED = 0;
export const POSITIVE = 1;
export const NEGATIVE = 2;

const DEPTH = 200;

export function freshState(manifest) {
  const named = manifest.classes.filter(({ name }) => name);
  return {
    /** Class by class of the clustering, where it was merged into another. */
    merged: new Map(),
    /** Names that were given. */
    names: new Map(named.map(({ label, name }) => [label, name])),
    marks: new Uint8Array(manifest.count),
    /** Ascending. */
    selection: new Uint32Array(0),
  };
}

export function createStore(initial) {
  let state = initial;
  let done = [];
  let undone = [];
  const listeners = [];
  const tell = (before, label) => listeners.forEach((listener) => listener(state, before, label));
  const go = (from, to, verb) => {
    const step = from.pop();
    if (!step) return null;
    to.push({ state, label: step.label });
    const before = state;
    state = step.state;
    tell(before, `${verb}: ${step.label}`);
    return step.label;
  };
  return {
    get: () => state,
    commit(label, changes) {
      done.push({ state, label });
      done = done.slice(-DEPTH);
      undone = [];
      const before = state;
      state = { ...state, ...changes };
      tell(before, label);
    },
    undo: () => go(done, undone, "Undone"),
    redo: () => go(undone, done, "Done again"),
    canUndo: () => done.at(-1)?.label ?? null,
    canRedo: () => undone.at(-1)?.label ?? null,
    subscribe: (listener) => listeners.push(listener),
  };
}

/** The class a candidate belongs to now. */
export function classOf(state, label) {
  return state.merged.get(label) ?? label;
}

export function nameOf(state, label) {
  return state.names.get(label) ?? (label === 0 ? "unassigned" : `class ${label}`);
}

/** Classes `from` become part of `into`. */
export function merge(state, into, from) {
  const merged = new Map(state.merged);
  for (const label of from) if (label !== into) merged.set(label, into);
  for (const [label, target] of merged) if (from.includes(target)) merged.set(label, into);
  merged.delete(into);
  return merged;
}

export function withMark(state, indices, mark) {
  const marks = state.marks.slice();
  for (const index of indices) marks[index] = mark;
  return marks;
}

export function marked(state, mark) {
  const found = [];
  state.marks.forEach((value, index) => value === mark && found.push(index));
  return Uint32Array.from(found);
}

/** Ascending, each once. */
export function sorted(indices) {
  const all = Uint32Array.from(indices).sort();
  return all.filter((index, place) => place === 0 || index !== all[place - 1]);
}
