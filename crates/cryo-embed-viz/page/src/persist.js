// The state outlives a reload: in the browser's storage for a file, beside the run when it is served.
import { freshState } from "./state.js";

function packSorted(indices) {
  const bytes = [];
  let before = 0;
  for (const index of indices) {
    let step = index - before;
    before = index;
    while (step > 127) {
      bytes.push((step & 127) | 128);
      step >>>= 7;
    }
    bytes.push(step);
  }
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.slice(i, i + 8192));
  return btoa(text);
}

function unpackSorted(text) {
  const indices = [];
  let before = 0;
  let step = 0;
  let shift = 0;
  for (const char of atob(text)) {
    const byte = char.charCodeAt(0);
    step += (byte & 127) * 2 ** shift;
    shift += 7;
    if (byte < 128) {
      before += step;
      indices.push(before);
      step = 0;
      shift = 0;
    }
  }
  return Uint32Array.from(indices);
}

export function toJson(manifest, state) {
  const of = (mark) => {
    const found = [];
    state.marks.forEach((value, index) => value === mark && found.push(index));
    return packSorted(found);
  };
  return JSON.stringify({
    schema: 1,
    candidates: manifest.candidates_fingerprint,
    labels: manifest.labels_fingerprint,
    merged: [...state.merged],
    names: [...state.names],
    selection: packSorted(state.selection),
    positive: of(1),
    negative: of(2),
  });
}

/** The state that was kept, and a sentence on what of it no longer fits. */
export function fromJson(manifest, text) {
  const kept = JSON.parse(text);
  const state = freshState(manifest);
  if (kept.schema !== 1 || kept.candidates !== manifest.candidates_fingerprint) {
    return { state, note: "What was kept belongs to other candidates and was left aside." };
  }
  const below = (indices) => indices.filter((index) => index < manifest.count);
  state.selection = below(unpackSorted(kept.selection));
  for (const index of below(unpackSorted(kept.positive))) state.marks[index] = 1;
  for (const index of below(unpackSorted(kept.negative))) state.marks[index] = 2;
  if (kept.labels === manifest.labels_fingerprint) {
    state.merged = new Map(kept.merged);
    state.names = new Map(kept.names);
    return { state, note: null };
  }
  const lost = kept.merged.length + kept.names.length > 0;
  return { state, note: lost ? "The run was clustered anew: selections are kept, merged and renamed classes are not." : null };
}

function storageKey(manifest) {
  return `cryo-page-${manifest.candidates_fingerprint}`;
}

export async function restore(manifest) {
  try {
    if (manifest.served) {
      const answer = await fetch("state");
      if (answer.status === 204) return null;
      if (!answer.ok) throw new Error(await answer.text());
      return fromJson(manifest, await answer.text());
    }
    const text = localStorage.getItem(storageKey(manifest));
    return text ? fromJson(manifest, text) : null;
  } catch (error) {
    return { state: freshState(manifest), note: `Nothing could be restored: ${error.message}` };
  }
}

/** A function that keeps a state a moment later, the newest of several at once. */
export function keeper(manifest, onProblem) {
  let timer = 0;
  let newest = null;
  let writing = Promise.resolve();
  const write = async () => {
    const text = newest;
    newest = null;
    if (text === null) return;
    try {
      if (manifest.served) {
        const headers = { "content-type": "application/json", "x-cryo-page": "1" };
        const answer = await fetch("state", { method: "PUT", headers, body: text });
        if (!answer.ok) throw new Error(await answer.text());
      } else {
        localStorage.setItem(storageKey(manifest), text);
      }
      onProblem(null);
    } catch (error) {
      onProblem(`Your changes are not being kept: ${error.message}`);
    }
  };
  const flush = () => {
    clearTimeout(timer);
    writing = writing.then(write);
    return writing;
  };
  addEventListener("pagehide", flush);
  return (state) => {
    newest = toJson(manifest, state);
    clearTimeout(timer);
    timer = setTimeout(flush, 250);
  };
}
