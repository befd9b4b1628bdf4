// A ZIP archive of texts, stored as they are (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12, 4.3.16).

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Numbers of the given sizes in bytes, least byte first. */
function packed(fields) {
  const bytes = [];
  for (const [size, value] of fields) for (let i = 0; i < size; i++) bytes.push(Math.floor(value / 256 ** i) & 255);
  return Uint8Array.from(bytes);
}

// Names in UTF-8; 1 January 1980, so that the same picks give the same bytes.
const UTF8 = 0x800;
const DATE = 0x21;

export function zipOf(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { path, text } of files) {
    const name = new TextEncoder().encode(path);
    const data = new TextEncoder().encode(text);
    const about = [[2, 20], [2, UTF8], [2, 0], [2, 0], [2, DATE], [4, crc32(data)], [4, data.length], [4, data.length], [2, name.length], [2, 0]];
    const local = packed([[4, 0x04034b50], ...about]);
    directory.push(packed([[4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), name);
    parts.push(local, name, data);
    offset += local.length + name.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = packed([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
