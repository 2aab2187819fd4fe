import { type JsonText, kinds, toNext } from './json-table.ts';
import { isString, toNumber, toText } from './json-values.ts';
import type { Numbers } from './numbers.ts';

/** What a datatype makes of a value written in decimal; whole numbers stay as they are. */
const roundings: Readonly<Record<string, (value: number) => number>> = {
  FP16: Math.f16round,
  BF16: toBrainFloat,
  FP32: Math.fround,
  FP64: (value) => value,
};

/** How far a value written in decimal may be from what its datatype makes of it, as a share of it. */
const slacks: Readonly<Record<string, number>> = { FP32: 2 ** -22, FP64: 2 ** -49 };

/**
 * @param datatype one of `widths`; '' for numbers as they are written.
 * @param data a number or an array, however nested: the datatype's shape is elsewhere.
 * @returns undefined when anything in it is no value of the datatype.
 */
export function toJsonNumbers(datatype: string, json: JsonText, data: number): Numbers | undefined {
  const found = findFlat(json, data) ?? findNested(datatype, json, data);
  if (found === undefined) return undefined;
  const { doubles, toValue, isRounded } = found;
  const round = roundings[datatype];
  const exact = (i: number): number | bigint => {
    const value = toValue(i);
    const read = isNumber(json, value) ? toNumber(json, value) : (doubles[i] as number);
    return round === undefined ? read : round(Number(read));
  };
  const isSure = !isRounded && (round !== undefined || areExact(doubles));
  const slack = round === undefined ? 2 ** -49 : (slacks[datatype] ?? Number.POSITIVE_INFINITY);
  return { doubles, slack: isSure && datatype === 'FP64' ? 0 : slack, isSure, exact, written: { json, toValue } };
}

/** Whether whole numbers among them can be no others. */
function areExact(doubles: Float64Array): boolean {
  for (let i = 0; i < doubles.length; i++) if (Math.abs(doubles[i] as number) > Number.MAX_SAFE_INTEGER) return false;
  return true;
}

interface Found {
  readonly doubles: Float64Array;
  readonly toValue: (index: number) => number;
  /** Some are only near what their text says. */
  readonly isRounded: boolean;
}

/** Numbers that follow each other need no copy. */
function findFlat(json: JsonText, data: number): Found | undefined {
  const { kinds: kindOf, doubles } = json;
  const first = kindOf[data] === kinds.array ? data + 1 : data;
  const end = toNext(json, data);
  let isRounded = false;
  for (let at = first; at < end; at++) {
    if (kindOf[at] === kinds.roundedNumber) isRounded = true;
    else if (kindOf[at] !== kinds.number) return undefined;
  }
  return { doubles: doubles.subarray(first, end), toValue: (i) => first + i, isRounded };
}

function findNested(datatype: string, json: JsonText, data: number): Found | undefined {
  const values = listValues(json, data);
  if (values === undefined) return undefined;
  const doubles = new Float64Array(values.length);
  let isRounded = false;
  for (let i = 0; i < values.length; i++) {
    const double = toDouble(datatype, json, values[i] as number);
    if (double === undefined) return undefined;
    doubles[i] = double;
    if (json.kinds[values[i] as number] === kinds.roundedNumber) isRounded = true;
  }
  return { doubles, toValue: (i) => values[i] as number, isRounded };
}

/**
 * What is in arrays, in row-major order.
 *
 * @param data one value, or an array, however nested.
 * @returns undefined when there is an object in it.
 */
export function listValues(json: JsonText, data: number): Int32Array | undefined {
  const { kinds: kindOf } = json;
  const end = toNext(json, data);
  const values = new Int32Array(end - data);
  let count = 0;
  for (let at = data; at < end; at++) {
    if (kindOf[at] === kinds.object) return undefined;
    if (kindOf[at] !== kinds.array) values[count++] = at;
  }
  return values.subarray(0, count);
}

const isFloat = (datatype: string): boolean => roundings[datatype] !== undefined;

/** What JSON has no number for: orjson writes null for NaN and both infinities, protobuf's JSON their names. */
const names: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

function toDouble(datatype: string, json: JsonText, value: number): number | undefined {
  if (isNumber(json, value)) return json.doubles[value];
  const kind = json.kinds[value];
  if (kind === kinds.true || kind === kinds.false) return datatype === 'BOOL' ? Number(kind === kinds.true) : undefined;
  if (!isFloat(datatype)) return undefined;
  if (kind === kinds.null) return Number.NaN;
  const text = isString(json, value) ? toText(json, value) : '';
  return Object.hasOwn(names, text) ? names[text] : undefined;
}

function isNumber({ kinds: kindOf }: JsonText, value: number): boolean {
  return kindOf[value] === kinds.number || kindOf[value] === kinds.roundedNumber;
}

const scratch = new DataView(new ArrayBuffer(4));

/** To the nearest BF16, of two equally near ones the even. */
function toBrainFloat(value: number): number {
  if (Number.isNaN(value)) return value;
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const isUp = (bits & 0xffff) + ((bits >>> 16) & 1) > 0x8000;
  scratch.setUint32(0, ((bits >>> 16) + Number(isUp)) * 2 ** 16);
  return scratch.getFloat32(0);
}
