import type { OutputRule } from '../../core/analysis/analysis.ts';
import { compareNumbers, type Difference } from './compare-numbers.ts';
import { toRawNumbers } from './numbers.ts';

/** The values of an output as bytes. */
export interface RawValues {
  /** A number's, or BOOL. */
  readonly datatype: string;
  /** Little endian. */
  readonly bytes: Uint8Array;
  readonly count: number;
  /** Bytes of a value. */
  readonly width: number;
}

/** Values that are read at once: as doubles they take 128 KiB of both, which stay near the processor. */
const pieceSize = 8192;
const pieces = [new Float64Array(pieceSize), new Float64Array(pieceSize)] as const;

/**
 * As `compareNumbers`, piece by piece, so that a large output costs no memory but its own.
 *
 * @param other of the same datatype and as many.
 * @param row how many values the last axis has.
 */
export function compareRaw(
  one: RawValues,
  other: RawValues,
  row: number,
  rule: Omit<OutputRule, 'name'>,
): Difference | undefined {
  const { count } = one;
  const isByRow = rule.top1 === true && row > 1;
  // A piece has whole rows, at least one.
  const size = isByRow ? Math.max(row, pieceSize - (pieceSize % row)) : pieceSize;
  for (let from = 0; from < count; from += size) {
    const many = Math.min(size, count - from);
    const found = compareNumbers(read(one, from, many, 0), read(other, from, many, 1), row, rule);
    if (found !== undefined) return { ...found, index: found.index + (isByRow ? from / row : from) };
  }
  return undefined;
}

function read({ datatype, bytes, width }: RawValues, from: number, many: number, which: 0 | 1) {
  const doubles = many > pieceSize ? new Float64Array(many) : pieces[which].subarray(0, many);
  return toRawNumbers(datatype, bytes.subarray(from * width, (from + many) * width), doubles);
}
