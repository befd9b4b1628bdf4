// Pictures of the candidates, many in one PNG; each PNG is decoded when it is first needed.
import { pictureBlob } from "./data.js";

export function createThumbs(manifest) {
  const about = manifest.thumbnails;
  const pages = new Map();
  if (!about) return { side: 0, available: false, paint: () => {}, picture: async () => null };
  const perPage = about.columns * about.rows;

  async function load(page) {
    // A document from disk may still be arriving when the first thumbnail is asked for.
    for (;;) {
      const blob = manifest.served ? await fetched(`thumbnails/${page}.png`) : pictureBlob(`thumbnails-${page}`);
      if (blob) {
        const url = URL.createObjectURL(blob);
        const image = new Image();
        image.src = url;
        await image.decode();
        return { url, image };
      }
      if (document.readyState === "complete") throw new Error(`the page holds no thumbnails ${page}`);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }

  function pageOf(index) {
    const page = Math.floor(index / perPage);
    if (!pages.has(page)) pages.set(page, load(page));
    return pages.get(page);
  }

  function place(index) {
    const within = index % perPage;
    return [(within % about.columns) * about.side, Math.floor(within / about.columns) * about.side];
  }

  return {
    side: about.side,
    available: true,
    /** Draws one on a canvas of its own size, later if its PNG is not there yet. */
    async paint(canvas, index) {
      canvas.width = canvas.height = about.side;
      canvas.dataset.index = index;
      const { image } = await pageOf(index);
      if (canvas.dataset.index !== String(index)) return;
      const [left, top] = place(index);
      canvas.getContext("2d").drawImage(image, left, top, about.side, about.side, 0, 0, about.side, about.side);
    },
  };
}

export async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${await answer.text()}`);
  return answer.blob();
}

/** Class averages as numbers 0 to 1 by class, from one picture of 16 bits a pixel in two channels. */
export async function readAverages(manifest) {
  const about = manifest.averages;
  if (!about) return new Map();
  const image = await createImageBitmap(pictureBlob("averages"));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { side } = about;
  return new Map(
    about.labels.map((label, index) => {
      const { data } = context.getImageData(0, index * side, side, side);
      const grey = Float32Array.from({ length: side * side }, (_, i) => data[4 * i] * 256 + data[4 * i + 1]);
      return [label, grey];
    }),
  );
}

/** Draws numbers as grey levels between their least and largest. */
export function paintAverage(canvas, side, grey) {
  canvas.width = canvas.height = side;
  const low = grey.reduce((a, b) => Math.min(a, b), Infinity);
  const high = grey.reduce((a, b) => Math.max(a, b), -Infinity);
  const picture = new ImageData(side, side);
  grey.forEach((value, i) => {
    const level = high > low ? ((value - low) / (high - low)) * 255 : 128;
    picture.data.set([level, level, level, 255], 4 * i);
  });
  canvas.getContext("2d").putImageData(picture, 0, 0);
}
