import { type JsonText, kinds, toNext } from './json-table.ts';

const utf8 = new TextDecoder();

/** @param value a string. */
export function toText({ bytes, kinds: kindOf, starts, ends }: JsonText, value: number): string {
  const start = starts[value] as number;
  const stop = ends[value] as number;
  if (kindOf[value] === kinds.string) return utf8.decode(bytes.subarray(start, stop));
  // The scanner has let it pass, so it is one.
  return JSON.parse(utf8.decode(bytes.subarray(start - 1, stop + 1))) as string;
}

/** Whether both are written with the same bytes. */
export function hasSameText(one: JsonText, i: number, other: JsonText, j: number): boolean {
  const start = one.starts[i] as number;
  const length = (one.ends[i] as number) - start;
  const begin = other.starts[j] as number;
  if ((other.ends[j] as number) - begin !== length) return false;
  for (let k = 0; k < length; k++) if (one.bytes[start + k] !== other.bytes[begin + k]) return false;
  return true;
}

export function isString(json: JsonText, value: number): boolean {
  return json.kinds[value] === kinds.string || json.kinds[value] === kinds.escapedString;
}

/**
 * @param object any value.
 * @returns the member's value; of several members of that name the last, as clients read it; -1: there is none.
 */
export function findMember(json: JsonText, object: number, name: string): number {
  let found = -1;
  if (json.kinds[object] !== kinds.object) return found;
  const end = toNext(json, object);
  for (let at = object + 1; at < end; at = toNext(json, at + 1)) if (isNamed(json, at, name)) found = at + 1;
  return found;
}

/** @param name in ASCII. */
function isNamed(json: JsonText, member: number, name: string): boolean {
  if (json.kinds[member] === kinds.escapedString) return toText(json, member) === name;
  const start = json.starts[member] as number;
  if ((json.ends[member] as number) - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (json.bytes[start + i] !== name.charCodeAt(i)) return false;
  return true;
}

/** @returns the text of a member that is a string. */
export function findText(json: JsonText, object: number, name: string): string | undefined {
  const value = findMember(json, object, name);
  return value !== -1 && isString(json, value) ? toText(json, value) : undefined;
}

/** Exactly: as a bigint where a whole number, written as one, has no double of its own. */
export function toNumber(json: JsonText, value: number): number | bigint {
  const double = json.doubles[value] as number;
  const isRounded = json.kinds[value] === kinds.roundedNumber;
  if (!isRounded && !(Math.abs(double) > Number.MAX_SAFE_INTEGER)) return double;
  const text = utf8.decode(json.bytes.subarray(json.starts[value], json.ends[value]));
  return isWhole(text) ? toWhole(text) : Number(text);
}

/** A double holds no more digits than these, and to make more of them into a bigint takes longer than to read them. */
const mostDigits = 400;

function isWhole(text: string): boolean {
  if (text.length > mostDigits) return false;
  for (let i = text.startsWith('-') ? 1 : 0; i < text.length; i++)
    if (text.charCodeAt(i) < 0x30 || text.charCodeAt(i) > 0x39) return false;
  return true;
}

function toWhole(text: string): number | bigint {
  const whole = Number(text);
  return Number.isSafeInteger(whole) ? whole : BigInt(text);
}
