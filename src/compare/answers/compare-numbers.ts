import type { OutputRule } from '../../core/analysis/analysis.ts';
import { hasSameText } from './json-values.ts';
import type { Numbers } from './numbers.ts';

/** The first value that differs, or row with `top1`. */
export interface Difference {
  readonly index: number;
  readonly difference?: number;
}

/**
 * @param one the primary's.
 * @param other as many.
 * @param row how many values the last axis has, on which `top1` looks for the largest.
 */
export function compareNumbers(
  one: Numbers,
  other: Numbers,
  row: number,
  { abs = 0, rel = 0, top1 = false }: Omit<OutputRule, 'name'>,
): Difference | undefined {
  // Of a single value none is the largest: it must be equal, or a label that changes would be agreed on.
  if (top1 && row > 1) return compareTops(one, other, row);
  const { doubles: a } = one;
  const { doubles: b } = other;
  const isSure = one.isSure && other.isSure;
  const slack = one.slack + other.slack;
  for (let i = 0; i < a.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    if (x === y && isSure) continue;
    const d = Math.abs(x - y);
    // Almost all end here. What is too close to say is read again, exactly.
    if (d + slack * (Math.abs(x) + Math.abs(y)) <= abs + rel * Math.abs(x) && d < Number.POSITIVE_INFINITY) continue;
    if (x === y && isWrittenAlike(one, other, i)) continue;
    const p = one.exact(i);
    const q = other.exact(i);
    if (!isWithin(p, q, abs, rel)) return { index: i, ...toDifference(p, q) };
  }
  return undefined;
}

function isWrittenAlike({ written: one }: Numbers, { written: other }: Numbers, i: number): boolean {
  if (one === undefined || other === undefined) return false;
  return hasSameText(one.json, one.toValue(i), other.json, other.toValue(i));
}

/** Within `abs + rel × |p|`; NaN is equal to NaN, an infinity to itself alone, and 0 to −0. */
export function isWithin(p: number | bigint, q: number | bigint, abs = 0, rel = 0): boolean {
  if (isEqual(p, q)) return true;
  const size = Math.abs(Number(p));
  const difference = measure(p, q);
  return size < Number.POSITIVE_INFINITY && difference < Number.POSITIVE_INFINITY && difference <= abs + rel * size;
}

/** Bigints and numbers are compared exactly with each other. */
function isEqual(p: number | bigint, q: number | bigint): boolean {
  return (p <= q && p >= q) || (Number.isNaN(p) && Number.isNaN(q));
}

function measure(p: number | bigint, q: number | bigint): number {
  if (typeof p === 'bigint' && typeof q === 'bigint') return Math.abs(Number(p - q));
  return Math.abs(Number(p) - Number(q));
}

/** None between a number and what is none. */
export function toDifference(p: number | bigint, q: number | bigint): { readonly difference?: number } {
  const difference = measure(p, q);
  return Number.isFinite(difference) ? { difference } : {};
}

function compareTops(one: Numbers, other: Numbers, row: number): Difference | undefined {
  for (let from = 0; from < one.doubles.length; from += row)
    if (!hasSameTop(one, other, from, row)) return { index: from / row };
  return undefined;
}

/** Whether some index holds a largest value of both. */
function hasSameTop(one: Numbers, other: Numbers, from: number, row: number): boolean {
  const isTop = toTops(one, from, row);
  const isOtherTop = toTops(other, from, row);
  for (let i = from; i < from + row; i++) if (isTop(i) && isOtherTop(i)) return true;
  return false;
}

/** Which values of a row are as large as the largest; NaN is larger than all, as numpy's argmax has it. */
function toTops(numbers: Numbers, from: number, row: number): (i: number) => boolean {
  const { doubles, slack } = numbers;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + row; i++) {
    const value = doubles[i] as number;
    if (Number.isNaN(value)) return (j) => Number.isNaN(doubles[j]);
    if (value > largest) largest = value;
  }
  if (slack === 0) return (i) => doubles[i] === largest;
  // Values that are as large as far as doubles can tell are read again, exactly.
  const nearest = largest - 2 * slack * Math.abs(largest);
  const isNear = (i: number) => !((doubles[i] as number) < nearest);
  let top: number | bigint = Number.NEGATIVE_INFINITY;
  for (let i = from; i < from + row; i++) {
    const value = isNear(i) ? numbers.exact(i) : Number.NaN;
    if (value > top) top = value;
  }
  return (i) => isNear(i) && isEqual(top, numbers.exact(i));
}
