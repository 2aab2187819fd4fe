import type { JsonText } from './json-table.ts';

/** An output of the V2 protocol, however it is written. */
export interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Little-endian bytes as in `raw_output_contents`, or a value in a JSON text. */
  readonly data: { readonly raw: Uint8Array } | { readonly json: JsonText; readonly value: number };
}

/** An answer of the V2 protocol. */
export interface Tensors {
  /** The name of the model that answered. */
  readonly model: string | undefined;
  readonly outputs: readonly Tensor[];
}

/** More outputs than this are not read: the smallest takes two bytes in an answer, and hundreds here. */
export const mostOutputs = 10_000;

/** Numpy's arrays have 64 axes at most, and frameworks fewer. */
export const mostAxes = 64;

/** @returns undefined for a shape that no output has: with a negative axis, or of more values than fit anywhere. */
export function countValues(shape: readonly number[]): number | undefined {
  if (!shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0)) return undefined;
  // An axis of 0 first: with it even the largest others make none.
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const axis of shape) {
    count *= axis;
    if (count > 2 ** 31) return undefined;
  }
  return count;
}
