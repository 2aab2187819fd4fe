import { type JsonTable, kinds } from './json-table.ts';

/** Doubles that are exactly a power of ten. */
const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** From here on doubles leave out whole numbers. */
const firstGap = 2 ** 53;

const latin = new TextDecoder('latin1');
const words = ['NaN', 'Infinity'].map((word) => new TextEncoder().encode(word));

/**
 * Reads a number, and those that follow it in an array: most of a large answer is read here, with four digits in one
 * step.
 *
 * @param view of the bytes.
 * @param from where the first begins.
 * @param isInArray whether others may follow.
 * @returns the byte after the last; -1 when anything is no number, or there are too many values.
 */
export function scanNumbers(table: JsonTable, view: DataView, from: number, isInArray: boolean): number {
  const { bytes } = table;
  const lastQuad = bytes.length - 4;
  let { kinds: kindOf, starts, ends, doubles } = table;
  let at = from;
  for (;;) {
    if (table.count === kindOf.length) {
      if (!table.reserve()) return -1;
      ({ kinds: kindOf, starts, ends, doubles } = table);
    }
    const start = at;
    let c = bytes[at] as number;
    const isNegative = c === 0x2d;
    if (isNegative) c = bytes[++at] as number;
    let mantissa = 0;
    let scale = 0;
    if (c === 0x30) c = bytes[++at] as number;
    else if (c >= 0x31 && c <= 0x39)
      do {
        mantissa = mantissa * 10 + (c - 0x30);
        c = bytes[++at] as number;
      } while (c >= 0x30 && c <= 0x39);
    else {
      at = addWord(table, start, at, isNegative);
      if (at === -1) return -1;
      c = -1;
    }
    if (c !== -1) {
      if (c === 0x2e) {
        const point = at++;
        while (at <= lastQuad) {
          const four = toFourDigits(view.getInt32(at, true));
          if (four === -1) break;
          at += 4;
          const next = at <= lastQuad ? toFourDigits(view.getInt32(at, true)) : -1;
          if (next === -1) {
            mantissa = mantissa * 1e4 + four;
            break;
          }
          mantissa = mantissa * 1e8 + (four * 10_000 + next);
          at += 4;
        }
        c = bytes[at] as number;
        while (c >= 0x30 && c <= 0x39) {
          mantissa = mantissa * 10 + (c - 0x30);
          c = bytes[++at] as number;
        }
        scale = point + 1 - at;
        if (scale === 0) return -1;
      }
      if (c === 0x65 || c === 0x45) {
        c = bytes[++at] as number;
        const isDown = c === 0x2d;
        if (isDown || c === 0x2b) c = bytes[++at] as number;
        if (!(c >= 0x30 && c <= 0x39)) return -1;
        let exponent = 0;
        do {
          exponent = exponent * 10 + (c - 0x30);
          c = bytes[++at] as number;
        } while (c >= 0x30 && c <= 0x39);
        scale += isDown ? -exponent : exponent;
      }
      const value = table.count++;
      starts[value] = start;
      ends[value] = at;
      kindOf[value] = kinds.number;
      // One rounding of two exact doubles is the right one (W. D. Clinger, How to read floating point numbers
      // accurately); a longer mantissa has been rounded before, at most four times.
      if (mantissa < 1e19 && scale >= -22 && scale <= 22) {
        const size = scale < 0 ? mantissa / (powers[-scale] as number) : mantissa * (powers[scale] as number);
        doubles[value] = isNegative ? -size : size;
        if (mantissa >= firstGap) kindOf[value] = kinds.roundedNumber;
      } else doubles[value] = Number(latin.decode(bytes.subarray(start, at)));
    }
    if (!isInArray || bytes[at] !== 0x2c) return at;
    let next = at + 1;
    if (bytes[next] === 0x20) next++;
    c = bytes[next] as number;
    if (!((c >= 0x30 && c <= 0x39) || c === 0x2d)) return at;
    at = next;
  }
}

/**
 * @param quad four characters, the first in the lowest byte.
 * @returns -1 unless all are digits.
 */
function toFourDigits(quad: number): number {
  if ((quad & 0xf0f0f0f0) !== 0x30303030 || ((quad + 0x06060606) & 0xf0f0f0f0) !== 0x30303030) return -1;
  const digits = quad & 0x0f0f0f0f;
  const pairs = (digits * 10 + (digits >> 8)) & 0x00ff00ff;
  return (pairs & 0xff) * 100 + (pairs >> 16);
}

/** NaN, Infinity and -Infinity, which Python's json writes. @returns the byte after it, or -1. */
function addWord(table: JsonTable, start: number, from: number, isNegative: boolean): number {
  const { bytes } = table;
  const word = words.find((one) => one.every((byte, i) => bytes[from + i] === byte));
  if (word === undefined || (isNegative && word === words[0])) return -1;
  const value = table.add(kinds.number, start, from + word.length);
  table.doubles[value] = word === words[0] ? Number.NaN : Number.POSITIVE_INFINITY * (isNegative ? -1 : 1);
  return from + word.length;
}
