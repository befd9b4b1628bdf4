// What the colours of the map mean.
import { h } from "./dom.js";

export function showLegend(node, { legend }) {
  node.replaceChildren();
  if (!legend) return;
  if (legend.entries) {
    node.append(...legend.entries.map(([colour, text]) => h("span", {}, [h("i", { style: `background:${colour}` }), text])));
    return;
  }
  if (!legend.ramp) {
    node.append(h("span", {}, legend.text));
    return;
  }
  const ramp = h("i", { class: "ramp", style: `background:linear-gradient(90deg,${legend.ramp.join(",")})` });
  node.append(h("span", {}, [legend.low.toPrecision(3), ramp, legend.high.toPrecision(3), ` ${legend.text}`]));
}
