import type { JsonText } from './json-table.ts';

/** The values of an output whose datatype is a number or BOOL. */
export interface Numbers {
  /** Each as a double, with a relative error of at most `slack`. */
  readonly doubles: Float64Array;
  readonly slack: number;
  /** Two values with one double are equal, if this holds for both of their outputs. */
  readonly isSure: boolean;
  /** The value itself; a bigint where a double does not hold it. */
  exact(index: number): number | bigint;
  /** Where its values are in a text; absent: they are in bytes. */
  readonly written?: { readonly json: JsonText; readonly toValue: (index: number) => number };
}

/** The bytes that a value takes; absent: it is not a number, or of a length that is not known. */
export const widths: Readonly<Record<string, number>> = {
  BOOL: 1,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  FP16: 2,
  BF16: 2,
  FP32: 4,
  FP64: 8,
};

/**
 * @param datatype one of `widths`.
 * @param bytes little endian, of as many values as `doubles` has room for.
 * @param doubles is written, and is part of what comes back.
 */
export function toRawNumbers(datatype: string, bytes: Uint8Array, doubles: Float64Array): Numbers {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  readDoubles(datatype, view, doubles);
  const isLong = datatype === 'INT64' || datatype === 'UINT64';
  if (!isLong || areSafe(doubles)) return { doubles, slack: 0, isSure: true, exact: (i) => doubles[i] as number };
  const exact = (i: number) => (datatype === 'INT64' ? view.getBigInt64(8 * i, true) : view.getBigUint64(8 * i, true));
  return { doubles, slack: 2 ** -52, isSure: false, exact };
}

/** A loop for each datatype: each reads one kind of value only, which runs several times as fast as one for all. */
function readDoubles(datatype: string, view: DataView, to: Float64Array): void {
  const count = to.length;
  switch (datatype) {
    case 'BOOL':
      for (let i = 0; i < count; i++) to[i] = view.getUint8(i) === 0 ? 0 : 1;
      break;
    case 'INT8':
      for (let i = 0; i < count; i++) to[i] = view.getInt8(i);
      break;
    case 'INT16':
      for (let i = 0; i < count; i++) to[i] = view.getInt16(2 * i, true);
      break;
    case 'INT32':
      for (let i = 0; i < count; i++) to[i] = view.getInt32(4 * i, true);
      break;
    case 'INT64':
      for (let i = 0; i < count; i++) to[i] = view.getInt32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true);
      break;
    case 'UINT8':
      for (let i = 0; i < count; i++) to[i] = view.getUint8(i);
      break;
    case 'UINT16':
      for (let i = 0; i < count; i++) to[i] = view.getUint16(2 * i, true);
      break;
    case 'UINT32':
      for (let i = 0; i < count; i++) to[i] = view.getUint32(4 * i, true);
      break;
    case 'UINT64':
      for (let i = 0; i < count; i++) to[i] = view.getUint32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true);
      break;
    case 'FP16':
      for (let i = 0; i < count; i++) to[i] = view.getFloat16(2 * i, true);
      break;
    case 'BF16':
      for (let i = 0; i < count; i++) to[i] = toSingle(view.getUint16(2 * i, true));
      break;
    case 'FP32':
      for (let i = 0; i < count; i++) to[i] = view.getFloat32(4 * i, true);
      break;
    case 'FP64':
      for (let i = 0; i < count; i++) to[i] = view.getFloat64(8 * i, true);
      break;
  }
}

/** Whether all are whole numbers that have a double of their own. */
function areSafe(doubles: Float64Array): boolean {
  for (let i = 0; i < doubles.length; i++) if (!Number.isSafeInteger(doubles[i])) return false;
  return true;
}

const scratch = new DataView(new ArrayBuffer(4));

/** @param half the upper half of an FP32, which is what a BF16 is. */
function toSingle(half: number): number {
  scratch.setUint32(0, half * 2 ** 16);
  return scratch.getFloat32(0);
}
