import { scanNumbers } from './json-number-scan.ts';
import { JsonTable, type JsonText, kinds } from './json-table.ts';

const [quotationMark, comma, colon] = [0x22, 0x2c, 0x3a];
const [bracket, bracketEnd, brace, braceEnd] = [0x5b, 0x5d, 0x7b, 0x7d];

const words = (['null', 'true', 'false'] as const).map((word) => ({
  kind: kinds[word],
  text: new TextEncoder().encode(word),
}));

/** To compare so many takes some megabytes; what is nested deeper is there to fill memory. */
const mostLevels = 100_000;

/**
 * Reads JSON into a table instead of objects: that keeps every digit of a number and every member of an object, makes
 * no call per level, and costs less than values that are compared once.
 *
 * Also takes NaN, Infinity and -Infinity.
 *
 * @param table is written, and is what comes back: what it had is gone.
 * @returns undefined for what is not JSON in UTF-8, has more than a million values, or more than a hundred thousand levels.
 */
export function scanJson(bytes: Uint8Array, table = new JsonTable()): JsonText | undefined {
  table.begin(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The innermost array or object that is open; the next one outwards is in `ends` until it is closed.
  let open = -1;
  let levels = 0;
  let at = skipSpace(bytes, 0);
  for (;;) {
    // Here a member or a value begins, or what has just been opened ends.
    const isInObject = open !== -1 && table.kinds[open] === kinds.object;
    const isOpened = open === table.count - 1 && open !== -1;
    if (!(isOpened && bytes[at] === (isInObject ? braceEnd : bracketEnd))) {
      if (isInObject) at = scanName(table, at);
      if (at === -1 || !table.reserve()) return undefined;
      const c = bytes[at];
      if (c === bracket || c === brace) {
        if (++levels > mostLevels) return undefined;
        open = table.add(c === bracket ? kinds.array : kinds.object, at, open);
        at = skipSpace(bytes, at + 1);
        continue;
      }
      if (c === quotationMark) at = scanString(table, at);
      else if (c === 0x6e || c === 0x74 || c === 0x66) at = scanWord(table, at);
      else at = scanNumbers(table, view, at, open !== -1 && !isInObject);
      if (at === -1) return undefined;
    }
    // After a value: what it is in goes on or ends, and then what that is in.
    for (;;) {
      at = skipSpace(bytes, at);
      if (open === -1) return at === bytes.length ? table : undefined;
      const end = bytes[at];
      at = skipSpace(bytes, at + 1);
      if (end === comma) break;
      if (end !== (table.kinds[open] === kinds.object ? braceEnd : bracketEnd)) return undefined;
      const outer = table.ends[open] as number;
      table.ends[open] = table.count;
      open = outer;
      levels--;
    }
  }
}

/** @returns where the member's value begins; -1 when there is no name. */
function scanName(table: JsonTable, from: number): number {
  if (table.bytes[from] !== quotationMark || !table.reserve()) return -1;
  const end = scanString(table, from);
  const at = end === -1 ? -1 : skipSpace(table.bytes, end);
  return at === -1 || table.bytes[at] !== colon ? -1 : skipSpace(table.bytes, at + 1);
}

/** @returns the byte after it; -1 when it is no string. */
function scanString(table: JsonTable, from: number): number {
  const end = findStringEnd(table.bytes, from + 1);
  if (end === 0) return -1;
  table.add(end < 0 ? kinds.escapedString : kinds.string, from + 1, Math.abs(end));
  return Math.abs(end) + 1;
}

/** @returns the byte after it; -1 when it is no word of JSON. */
function scanWord(table: JsonTable, from: number): number {
  const word = words.find(({ text }) => hasWord(table.bytes, from, text));
  if (word === undefined) return -1;
  table.add(word.kind, from, from + word.text.length);
  return from + word.text.length;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  let c = bytes[at];
  while (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) c = bytes[++at];
  return at;
}

/** @returns where its closing quotation mark is, negative if there is a backslash before; 0 if it is not a string. */
function findStringEnd(bytes: Uint8Array, from: number): number {
  let isEscaped = false;
  for (let at = from; at < bytes.length; at++) {
    const c = bytes[at] as number;
    if (c === 0x22) return isEscaped ? -at : at;
    if (c === 0x5c) {
      isEscaped = true;
      at++;
      if (bytes[at] === 0x75) {
        for (let i = 1; i <= 4; i++) if (!isHexadecimal(bytes[at + i])) return 0;
        at += 4;
      } else if (!isEscape(bytes[at])) return 0;
    } else if (c < 0x20) return 0;
  }
  return 0;
}

function isHexadecimal(c = 0): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

/** One of `"\/bfnrt`. */
function isEscape(c = 0): boolean {
  return [0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74].includes(c);
}

function hasWord(bytes: Uint8Array, at: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}
