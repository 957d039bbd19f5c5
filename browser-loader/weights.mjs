// What bytes weigh on their way to a page.
// In: bytes. Out: how many there are, and how many when a server has compressed them as well as it
// can: gzip at level 9, brotli at 11.

import { brotliCompressSync, constants, gzipSync } from "node:zlib";

export const weights = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length,
});

/** Columns for people: texts, of which there are so many, to the left, numbers to the right. */
export function columns(rows, texts = 1) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const padded = (cell, column) => (column < texts ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  return rows.map((row) => row.map(padded).join("  ").trimEnd()).join("\n");
}

export const grouped = (number) => number.toLocaleString("en");

/** One line for each `[name, bytes]`. */
export const table = (what, files) =>
  columns([
    [what, "raw", "gzip -9", "brotli -11"],
    ...files.map(([name, bytes]) => {
      const { raw, gzip, brotli } = weights(bytes);
      return [name, ...[raw, gzip, brotli].map(grouped)];
    }),
  ]);
