// The card beside the pointer: picture, tomogram, place.
import { angstrom } from "./data.js";
import { h } from "./dom.js";
import { classOf, nameOf, NEGATIVE, POSITIVE } from "./state.js";

export function placeText(page, index) {
  const [x, y, z] = angstrom(page.manifest, page.points, index);
  return `x ${x.toFixed(0)}  y ${y.toFixed(0)}  z ${z.toFixed(0)} Å`;
}

export function facts(page, index) {
  const { manifest, points, store } = page;
  const state = store.get();
  const lines = [manifest.tomograms[points.tomogram[index]].name, placeText(page, index)];
  if (manifest.classes.length) lines.push(nameOf(state, classOf(state, points.labels[index])));
  if (points.score && Number.isFinite(points.score[index])) lines.push(`score ${points.score[index].toPrecision(3)}`);
  if (points.outlier && Number.isFinite(points.outlier[index])) lines.push(`outlier score ${points.outlier[index].toPrecision(3)}`);
  if (state.marks[index] === POSITIVE) lines.push("positive");
  if (state.marks[index] === NEGATIVE) lines.push("negative");
  return lines;
}

export function createCard(page) {
  const picture = h("canvas");
  const text = h("div");
  const card = h("div", { id: "card", hidden: true }, [page.thumbs.available && picture, text]);
  document.body.append(card);
  return {
    show(index, x, y) {
      if (!page.points.position) return;
      if (page.thumbs.available) page.thumbs.paint(picture, index).catch(() => {});
      text.replaceChildren(...facts(page, index).map((line, row) => h(row ? "div" : "b", {}, line)));
      card.hidden = false;
      const { width, height } = card.getBoundingClientRect();
      card.style.left = `${x + 18 + width > innerWidth ? x - width - 14 : x + 18}px`;
      card.style.top = `${Math.max(4, Math.min(y - height / 2, innerHeight - height - 4))}px`;
    },
    hide: () => (card.hidden = true),
  };
}
