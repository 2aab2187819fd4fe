import type { OutputRule } from '../../core/analysis/analysis.ts';
import type { DisagreementCode } from './agreement.ts';
import { compareNumbers, isWithin, toDifference } from './compare-numbers.ts';
import { toJsonNumbers } from './json-numbers.ts';
import { type JsonText, kinds, toNext } from './json-table.ts';
import { hasSameText, isString, toNumber, toText } from './json-values.ts';
import { hasSameName, Members } from './members.ts';
import { normalizeText } from './normalize-text.ts';
import type { Place } from './place.ts';

/** Undefined: they agree. */
export interface JsonFinding {
  readonly code: DisagreementCode;
  /** A path. */
  readonly output: string;
  /** Of the element of the outermost array. */
  readonly index?: number;
  readonly difference?: number;
}

/** An array or object of both, as far as it is compared. */
interface Level {
  /** The next value of each, or the name of the next member. */
  a: number;
  b: number;
  readonly aEnd: number;
  readonly bEnd: number;
  readonly isObject: boolean;
  readonly place: Place;
  /** Of the element that is compared. */
  index: number;
  /** Of the member that is compared, in the primary's text; -1: of none. */
  name: number;
  /** The candidate's members that are left, once their order is not the primary's. */
  rest: Members | undefined;
}

/**
 * Compares two JSON values without calls per level, so that no depth is too much. Members are matched by name; one that
 * is there twice counts twice.
 */
export function compareJson(one: JsonText, other: JsonText, root: Place): JsonFinding | undefined {
  const levels: Level[] = [];
  let finding = compareValue(one, 0, other, 0, root, levels);
  while (finding === undefined) {
    const level = levels.at(-1);
    if (level === undefined) return undefined;
    finding = level.isObject ? compareMember(one, other, level, levels) : compareElement(one, other, level, levels);
  }
  return { ...finding, ...locate(one, levels) };
}

type Code = Omit<JsonFinding, 'output' | 'index'>;

function compareElement(one: JsonText, other: JsonText, level: Level, levels: Level[]): Code | undefined {
  const { a, b } = level;
  const isOver = a === level.aEnd;
  if (isOver !== (b === level.bEnd)) {
    levels.pop();
    return { code: 'shape' };
  }
  if (isOver) {
    levels.pop();
    return undefined;
  }
  level.index++;
  level.a = toNext(one, a);
  level.b = toNext(other, b);
  return compareValue(one, a, other, b, level.place.go(level.index), levels);
}

function compareMember(one: JsonText, other: JsonText, level: Level, levels: Level[]): Code | undefined {
  const { a, b, place } = level;
  if (a === level.aEnd) {
    const rest = level.rest ?? new Members(other, b, level.bEnd);
    for (const name of rest.left())
      if (place.isSettled || !place.go(toText(other, name)).isIgnored) {
        level.name = -1;
        return { code: 'extra' };
      }
    levels.pop();
    return undefined;
  }
  level.name = a;
  level.a = toNext(one, a + 1);
  if (level.rest === undefined && b !== level.bEnd && hasSameName(one, a, other, b)) {
    level.b = toNext(other, b + 1);
    const next = place.isSettled ? place : place.go(toText(one, a));
    return compareValue(one, a + 1, other, b + 1, next, levels);
  }
  level.rest ??= new Members(other, b, level.bEnd);
  const next = place.isSettled ? place : place.go(toText(one, a));
  const value = level.rest.take(one, a);
  if (value === -1) return next.isIgnored ? undefined : { code: 'missing' };
  return compareValue(one, a + 1, other, value, next, levels);
}

/** Compares what has no parts, and adds a level for what has. */
function compareValue(
  one: JsonText,
  a: number,
  other: JsonText,
  b: number,
  place: Place,
  levels: Level[],
): Code | undefined {
  if (place.isIgnored) return undefined;
  const kind = one.kinds[a] as number;
  if (kind === kinds.array && other.kinds[b] === kinds.array) {
    const aEnd = toNext(one, a);
    const bEnd = toNext(other, b);
    if (place.isUniform && isNumbers(one, a + 1, aEnd) && isNumbers(other, b + 1, bEnd))
      return compareRow(one, a + 1, aEnd, other, b + 1, bEnd, place, levels);
    levels.push(toLevel(a, aEnd, b, bEnd, false, place));
    return undefined;
  }
  if (kind === kinds.object && other.kinds[b] === kinds.object) {
    levels.push(toLevel(a, toNext(one, a), b, toNext(other, b), true, place));
    return undefined;
  }
  if (isNumber(one, a) && isNumber(other, b)) return compareNumber(one, a, other, b, place.rule);
  if (isString(one, a) && isString(other, b)) {
    if (hasSameName(one, a, other, b)) return undefined;
    const isNormalized = place.rule?.normalized ?? false;
    if (isNormalized && normalizeText(toText(one, a)) === normalizeText(toText(other, b))) return undefined;
    return { code: 'values' };
  }
  if (kind === other.kinds[b]) return undefined;
  const isBoolean = (of: number | undefined) => of === kinds.true || of === kinds.false;
  return { code: isBoolean(kind) && isBoolean(other.kinds[b]) ? 'values' : 'datatype' };
}

function toLevel(a: number, aEnd: number, b: number, bEnd: number, isObject: boolean, place: Place): Level {
  return { a: a + 1, b: b + 1, aEnd, bEnd, isObject, place, index: -1, name: -1, rest: undefined };
}

function isNumber({ kinds: kindOf }: JsonText, value: number): boolean {
  return kindOf[value] === kinds.number || kindOf[value] === kinds.roundedNumber;
}

function isNumbers(json: JsonText, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (!isNumber(json, at)) return false;
  return true;
}

/** An array of numbers, at once, which is a level only if something is found. */
function compareRow(
  one: JsonText,
  a: number,
  aEnd: number,
  other: JsonText,
  b: number,
  bEnd: number,
  place: Place,
  levels: Level[],
): Code | undefined {
  const count = aEnd - a;
  if (bEnd - b !== count) return { code: 'shape' };
  if (place.rule?.top1 && count > 1) {
    const numbers = toJsonNumbers('', one, a - 1);
    const others = toJsonNumbers('', other, b - 1);
    const isSame = numbers && others && compareNumbers(numbers, others, count, place.rule) === undefined;
    return isSame ? undefined : { code: 'values' };
  }
  for (let i = 0; i < count; i++) {
    const found = compareNumber(one, a + i, other, b + i, place.rule);
    if (found === undefined) continue;
    levels.push({ ...toLevel(a - 1, aEnd, b - 1, bEnd, false, place), index: i });
    return found;
  }
  return undefined;
}

/** The relative error of doubles that may be next to what their texts say, of two of them. */
const slack = 2 ** -48;

function compareNumber(
  one: JsonText,
  a: number,
  other: JsonText,
  b: number,
  rule: OutputRule | undefined,
): Code | undefined {
  const x = one.doubles[a] as number;
  const y = other.doubles[b] as number;
  const isExact = one.kinds[a] === kinds.number && other.kinds[b] === kinds.number;
  if (x === y && isExact && Math.abs(x) <= Number.MAX_SAFE_INTEGER) return undefined;
  const abs = rule?.abs ?? 0;
  const rel = rule?.rel ?? 0;
  const size = Math.abs(x);
  const d = Math.abs(x - y);
  if (d + slack * (size + Math.abs(y)) <= abs + rel * size && d < Number.POSITIVE_INFINITY) return undefined;
  if (hasSameText(one, a, other, b)) return undefined;
  const p = toNumber(one, a);
  const q = toNumber(other, b);
  return isWithin(p, q, abs, rel) ? undefined : { code: 'values', ...toDifference(p, q) };
}

/** Names that are longer, or not like those of outputs and fields, might be what somebody has sent. */
const plainName = /^[\w.-]{1,64}$/;
const mostSteps = 8;

function locate(json: JsonText, levels: readonly Level[]): { readonly output: string; readonly index?: number } {
  const steps = levels.slice(0, mostSteps).map(({ isObject, name }) => {
    if (!isObject) return '[*]';
    // None: what is found is not about one of its members.
    if (name === -1) return '';
    const text = toText(json, name);
    return plainName.test(text) ? `.${text}` : '.*';
  });
  const outermost = levels.find(({ isObject }) => !isObject);
  const index = outermost === undefined || outermost.index < 0 ? {} : { index: outermost.index };
  return { output: `$${steps.join('')}`, ...index };
}
