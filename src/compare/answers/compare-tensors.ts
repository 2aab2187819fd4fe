import type { OutputRule } from '../../core/analysis/analysis.ts';
import type { DisagreementCode } from './agreement.ts';
import { compareNumbers, type Difference } from './compare-numbers.ts';
import { compareRaw, type RawValues } from './compare-raw.ts';
import { toJsonNumbers } from './json-numbers.ts';
import { normalizeText } from './normalize-text.ts';
import { type Numbers, toRawNumbers, widths } from './numbers.ts';
import type { Place } from './place.ts';
import { hasSameBytes } from './same-bytes.ts';
import { countValues, type Tensor } from './tensor.ts';
import { type Texts, toJsonTexts, toRawTexts } from './texts.ts';

/** Undefined: they agree. */
export interface Finding {
  readonly code: DisagreementCode | 'unreadable primary';
  /** Its name, or `*` for one that might hold what somebody has sent. */
  readonly output?: string;
  readonly index?: number;
  readonly difference?: number;
}

/** How names of outputs look: `probabilities`, `serving_default:0`, `model/Softmax`. */
const plainName = /^[ -~]{1,64}$/;

const exactly: Omit<OutputRule, 'name'> = {};
const utf8 = new TextDecoder();

/**
 * Outputs are matched by their names. What is wrong with the primary's own is found first, whatever the candidate's are.
 *
 * @param place of which each output is a member.
 */
export function compareTensors(one: readonly Tensor[], other: readonly Tensor[], place: Place): Finding | undefined {
  const others = new Map(other.map((tensor) => [tensor.name, tensor]));
  if (new Set(one.map(({ name }) => name)).size < one.length) return { code: 'unreadable primary' };
  if (others.size < other.length) return { code: 'unreadable' };
  let found: Finding | undefined;
  for (const tensor of one) {
    const { isIgnored, rule = exactly } = place.go(tensor.name);
    const counterpart = others.get(tensor.name);
    others.delete(tensor.name);
    if (isIgnored) continue;
    const values = readValues(tensor);
    if (values === undefined) return { code: 'unreadable primary' };
    if (found !== undefined) continue;
    const finding: Finding | undefined =
      counterpart === undefined ? { code: 'missing' } : compare(tensor, values, counterpart, rule);
    if (finding !== undefined) found = { ...finding, output: toPlainName(tensor.name) };
  }
  if (found !== undefined) return found;
  const extra = [...others.keys()].find((name) => !place.go(name).isIgnored);
  return extra === undefined ? undefined : { code: 'extra', output: toPlainName(extra) };
}

function toPlainName(name: string): string {
  return plainName.test(name) ? name : '*';
}

function compare(one: Tensor, values: Values, other: Tensor, rule: Omit<OutputRule, 'name'>): Finding | undefined {
  if (one === other) return undefined;
  if (one.datatype !== other.datatype) return { code: 'datatype' };
  const hasSameShape = one.shape.length === other.shape.length && one.shape.every((axis, i) => axis === other.shape[i]);
  if (!hasSameShape) return { code: 'shape' };
  if ('raw' in one.data && 'raw' in other.data && hasSameBytes(one.data.raw, other.data.raw)) return undefined;
  const counterpart = readValues(other);
  if (counterpart === undefined) return { code: 'unreadable' };
  const difference = compareValues(values, counterpart, one.shape.at(-1) ?? 1, rule);
  return difference === undefined ? undefined : { code: 'values', ...difference };
}

/** Of numbers, of texts, or of a datatype that nothing is known of. */
type Values =
  | { readonly raw: RawValues }
  | { readonly numbers: Numbers }
  | { readonly texts: Texts }
  | { readonly bytes: Uint8Array };

/** @returns undefined where the data is not what datatype and shape promise. */
function readValues({ datatype, shape, data }: Tensor): Values | undefined {
  const count = countValues(shape);
  if (count === undefined) return undefined;
  if ('raw' in data) {
    const { raw } = data;
    const width = Object.hasOwn(widths, datatype) ? widths[datatype] : undefined;
    if (width !== undefined)
      return raw.length === count * width ? { raw: { datatype, bytes: raw, count, width } } : undefined;
    if (datatype !== 'BYTES') return { bytes: raw };
    const texts = toRawTexts(raw, count);
    return texts && { texts };
  }
  const { json, value } = data;
  const numbers = datatype === 'BYTES' ? undefined : toJsonNumbers(datatype, json, value);
  if (numbers !== undefined) return numbers.doubles.length === count ? { numbers } : undefined;
  const texts = Object.hasOwn(widths, datatype) ? undefined : toJsonTexts(json, value);
  return texts?.count === count ? { texts } : undefined;
}

/** @param row how many values the last axis has. */
function compareValues(
  one: Values,
  other: Values,
  row: number,
  rule: Omit<OutputRule, 'name'>,
): Partial<Difference> | undefined {
  if ('raw' in one && 'raw' in other) return compareRaw(one.raw, other.raw, row, rule);
  const [numbers, others] = [toNumbers(one), toNumbers(other)];
  if (numbers !== undefined && others !== undefined) return compareNumbers(numbers, others, row, rule);
  if ('texts' in one && 'texts' in other) return compareTexts(one.texts, other.texts, rule.normalized ?? false);
  // Bytes of a datatype that is not known, and not the same ones, or bytes beside values.
  return {};
}

function toNumbers(values: Values): Numbers | undefined {
  if ('numbers' in values) return values.numbers;
  if (!('raw' in values)) return undefined;
  const { datatype, bytes, count } = values.raw;
  return toRawNumbers(datatype, bytes, new Float64Array(count));
}

function compareTexts(one: Texts, other: Texts, isNormalized: boolean): Partial<Difference> | undefined {
  for (let index = 0; index < one.count; index++) {
    const a = one.at(index);
    const b = other.at(index);
    if (hasSameBytes(a, b)) continue;
    if (!isNormalized || normalizeText(utf8.decode(a)) !== normalizeText(utf8.decode(b))) return { index };
  }
  return undefined;
}
