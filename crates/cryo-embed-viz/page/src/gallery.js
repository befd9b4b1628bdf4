// The selected patches, nearest to the selection's centre first; one click rejects one.
import { h } from "./dom.js";
import { facts } from "./hover.js";
import { byDistance } from "./vectors.js";

const STEP = 120;

export function createGallery(page, grid, { onReject, onLocate, onHover }) {
  let rows = { indices: [], distances: [] };
  let shown = 0;
  let farthestFirst = false;

  function tile(row) {
    const place = farthestFirst ? rows.indices.length - 1 - row : row;
    const [index, distance] = [rows.indices[place], rows.distances[place]];
    const picture = h("canvas");
    if (page.thumbs.available) page.thumbs.paint(picture, index).catch(() => {});
    const about = facts(page, index).join(", ");
    const near = Number.isFinite(distance) ? `; distance ${distance.toPrecision(3)}` : "";
    const look = h("button", {
      class: "look", title: `${about}${near}`, "aria-label": `${about}. X rejects it.`, "data-row": row, onclick: () => onLocate(index),
    }, page.thumbs.available ? picture : `#${index}`);
    const reject = h("button", { class: "reject", tabindex: -1, title: "Reject (X)", "aria-label": "Reject", onclick: () => onReject(index) }, "×");
    const node = h("li", { "data-index": index, onmouseenter: () => onHover(index), onmouseleave: () => onHover(null) }, [look, reject]);
    look.addEventListener("keydown", (event) => {
      const columns = Math.max(1, Math.floor(grid.clientWidth / node.offsetWidth));
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
      if (step) {
        event.preventDefault();
        if (row + step >= shown) more();
        focus(row + step);
      } else if (event.key === "x" || event.key === "Delete") {
        event.preventDefault();
        event.stopPropagation();
        onReject(index);
        focus(Math.min(row, rows.indices.length - 1));
      }
    });
    return node;
  }

  const focus = (row) => grid.querySelector(`[data-row="${row}"]`)?.focus();

  function more() {
    const count = Math.min(STEP, rows.indices.length - shown);
    grid.append(...Array.from({ length: count }, (_, at) => tile(shown + at)));
    shown += count;
  }

  const scroller = grid.parentElement;
  scroller.addEventListener("scroll", () => {
    if (scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - 300) more();
  });

  return {
    render(selection) {
      const top = scroller.scrollTop;
      rows = byDistance(page.points, selection);
      const wanted = Math.min(rows.indices.length, Math.max(STEP, shown));
      shown = 0;
      grid.replaceChildren();
      while (shown < wanted) more();
      scroller.scrollTop = top;
    },
    turn: () => (farthestFirst = !farthestFirst),
    isTurned: () => farthestFirst,
  };
}
