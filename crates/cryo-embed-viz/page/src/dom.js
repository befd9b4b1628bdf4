// Elements in one expression.

export function h(name, attributes = {}, children = []) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value") node.value = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...[children].flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** The last call of several in a row, once in a frame. */
export function framed(action) {
  let asked = 0;
  return (...values) => {
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => action(...values));
  };
}

export const $ = (id) => document.getElementById(id);

/** One line at the foot of the page. */
export function say(text) {
  $("status").textContent = text;
}
