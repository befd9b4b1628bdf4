// What the keyboard does, and the sheet that says so.
import { h } from "./dom.js";

export function createKeys(actions) {
  const table = [
    ["l", "lasso or move", actions.tool],
    ["p", "selection → positives", actions.positive],
    ["n", "selection → negatives", actions.negative],
    ["u", "take the marks off the selection", actions.unmark],
    ["m", "more like these", actions.more],
    ["a", "select all positives", actions.selectPositive],
    ["i", "select the rest instead", actions.invert],
    ["f", "zoom to the selection", actions.fit],
    ["h", "whole map", actions.home],
    ["e", "export", actions.exportDialog],
    ["Escape", "select nothing", actions.clear],
    ["z", "undo (also Ctrl+Z)", actions.undo],
    ["y", "do again (also Ctrl+Shift+Z)", actions.redo],
    ["1–6", "colour by", null],
    ["?", "this sheet", () => sheet(table)],
  ];
  const byKey = new Map(table.filter(([, , action]) => action).map(([key, , action]) => [key, action]));
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.matches?.("input:not([type=range],[type=checkbox]), select, textarea");
    if (typing) return;
    const command = event.ctrlKey || event.metaKey;
    if (command && event.key.toLowerCase() === "z") {
      event.preventDefault();
      (event.shiftKey ? actions.redo : actions.undo)();
    } else if (!command && !event.altKey) {
      if (/^[1-6]$/.test(event.key)) return actions.mode(Number(event.key) - 1);
      const action = byKey.get(event.key);
      if (action) {
        event.preventDefault();
        action();
      }
    }
  });
  return () => sheet(table);
}

function sheet(table) {
  const rows = [
    ...table.map(([key, text]) => [key, text]),
    ["drag", "move the map"], ["wheel", "zoom"], ["Shift + drag", "lasso"], ["with Ctrl too", "add to the selection"], ["with Alt too", "take out of it"],
    ["double click", "the class of a point"], ["arrows, X", "in the gallery: go, reject"],
  ];
  const dialog = h("dialog", { class: "sheet", "aria-label": "Keys" }, h("form", { method: "dialog" }, [
    h("h2", {}, "Keys and mouse"),
    h("dl", { class: "keys" }, rows.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])),
    h("div", { class: "row end" }, h("button", { class: "primary" }, "Close")),
  ]));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
