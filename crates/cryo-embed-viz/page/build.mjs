// Bundles src/ into ../src/page/bundle: page.js, page.css and the licences of what is inside of page.js.
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from "node:fs";
import { build } from "esbuild";

const out = "../src/page/bundle";
mkdirSync(out, { recursive: true });
await build({
  entryPoints: ["src/main.js", "src/style.css"],
  outdir: out,
  entryNames: "page",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome100", "firefox100", "safari15.4"],
  charset: "utf8",
  legalComments: "none",
});

// The page puts both into one HTML file, where these would end their elements.
for (const [name, end] of [["page.js", /<\/script|<!--/i], ["page.css", /<\/style/i]]) {
  if (end.test(readFileSync(`${out}/${name}`, "utf8"))) throw new Error(`${name} holds ${end}`);
}

// regl-scatterplot arrives with its own dependencies bundled in, so all of the lock file count.
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const packages = [...new Set(Object.entries(lock.packages)
  .filter(([path, { dev }]) => path && !dev)
  .map(([path]) => path.replace(/^.*node_modules\//, "")))];
const licences = packages.sort().map((name) => {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : `Licensed under ${license}, as its package.json says.`;
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(`${out}/LICENSES.txt`, `page.js contains these packages.\n\n${[...licences, readFileSync("kdbush-licence.txt", "utf8")].join("\n----\n\n")}`);
console.log(packages.join(" "));
writeFileSync(`${out}/body.html`, readFileSync("src/template.html"));
