// Writing particles: as a download, and when served into the run.
import { h, plural } from "../dom.js";
import { marked, NEGATIVE, POSITIVE } from "../state.js";
import { copickOf } from "./copick.js";
import { csvOf } from "./csv.js";
import { setsOf } from "./particles.js";
import { starOf } from "./star.js";
import { zipOf } from "./zip.js";

const FORMATS = [
  ["relion5", "RELION 5 (.star)"],
  ["copick", "copick (folder of .json, zipped)"],
  ["csv", "table (.csv)"],
];

function fileOf(format, name, sets) {
  switch (format) {
    case "relion5":
      return [`${name}.star`, new Blob([starOf(sets)], { type: "text/plain" })];
    case "csv":
      return [`${name}.csv`, new Blob([csvOf(sets)], { type: "text/csv" })];
    default:
      return [`${name}.zip`, zipOf(copickOf(sets))];
  }
}

function download([name, blob]) {
  const link = h("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function save(page, name, format, indices, overwrite) {
  const { manifest, points } = page;
  const state = page.store.get();
  const body = JSON.stringify({
    name, format, overwrite,
    indices: Array.from(indices),
    classes: manifest.classes.length ? manifest.classes.map(({ label }) => [label, state.merged.get(label) ?? label]) : [],
    names: [...state.names],
    candidates: manifest.candidates_fingerprint,
  });
  const headers = { "content-type": "application/json", "x-cryo-page": "1" };
  const answer = await fetch("selections", { method: "POST", headers, body });
  const text = await answer.text();
  if (!answer.ok) throw Object.assign(new Error(text), { exists: answer.status === 409 });
  return text;
}

export function openExport(page) {
  const { manifest, points, store } = page;
  const state = store.get();
  const choices = [
    ["selection", "the selection", state.selection],
    ["positive", "positives", marked(state, POSITIVE)],
    ["negative", "negatives", marked(state, NEGATIVE)],
    ["all", "every candidate", Uint32Array.from({ length: points.count }, (_, i) => i)],
  ].filter(([, , indices]) => indices.length > 0);
  const what = h("select", { id: "export-what" }, choices.map(([id, text, indices]) => h("option", { value: id }, `${text} (${indices.length.toLocaleString()})`)));
  const format = h("select", { id: "export-format" }, FORMATS.map(([id, text]) => h("option", { value: id }, text)));
  const name = h("input", { id: "export-name", value: "selection", spellcheck: "false", autocomplete: "off" });
  const overwrite = h("input", { id: "export-overwrite", type: "checkbox" });
  const message = h("p", { id: "export-message", role: "status" });
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "export-title" });
  const chosen = () => choices.find(([id]) => id === what.value)[2];
  const checked = () => {
    if (!/^[\w-][\w.-]{0,99}$/.test(name.value)) throw new Error("a name has letters, digits, - _ and . (not first), up to 100");
    return name.value;
  };
  const attempt = (action) => async (event) => {
    event.preventDefault();
    message.className = "";
    try {
      message.textContent = await action();
    } catch (error) {
      message.className = "problem";
      message.textContent = error.exists ? `${error.message} Tick “replace” to write it anyway.` : error.message;
    }
  };
  const doDownload = attempt(async () => {
    const indices = chosen();
    download(fileOf(format.value, checked(), setsOf(manifest, points, state, indices)));
    return `${plural(indices.length, "particle")} downloaded.`;
  });
  const doSave = attempt(() => save(page, checked(), format.value, chosen(), overwrite.checked));
  const served = Boolean(manifest.served);
  dialog.append(
    h("form", { method: "dialog", onsubmit: served ? doSave : doDownload }, [
      h("h2", { id: "export-title" }, "Export particles"),
      h("label", {}, ["What", what]),
      h("label", {}, ["Format", format]),
      h("label", {}, ["Name", name]),
      served && h("label", { class: "check" }, [overwrite, "replace a selection of that name"]),
      h("p", { class: "hint" }, "RELION 5 counts ångström from the centre of the tomogram, copick ångström from the first voxel, the table voxels from 0. Each file says so itself."),
      message,
      h("div", { class: "row end" }, [
        h("button", { type: "button", onclick: () => dialog.close() }, "Close"),
        h("button", { type: served ? "button" : "submit", class: served ? "" : "primary", id: "export-download", onclick: served ? doDownload : null }, "Download"),
        served && h("button", { type: "submit", class: "primary", id: "export-save" }, "Save into the run"),
      ]),
    ]),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  if (!choices.length) {
    message.textContent = "There is nothing to export.";
  }
}
