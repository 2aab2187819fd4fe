import type { AgreementRules } from '../../core/analysis/analysis.ts';
import type { Format } from './format.ts';
import type { Segment } from './json-path.ts';
import { type Place, toPlace } from './place.ts';

interface Layout {
  /** Where outputs are: their names follow. */
  readonly homes: readonly (readonly Segment[])[];
  /** What differs with every answer. */
  readonly ignored: readonly (readonly Segment[])[];
}

const any = undefined;
const outputs: Layout = { homes: [['outputs']], ignored: [] };
const plain: Layout = { homes: [[]], ignored: [] };

const layouts: Readonly<Partial<Record<Format, Layout>>> = {
  grpc: outputs,
  v2: outputs,
  // One output is `predictions` itself, of several each prediction or `outputs` has one by name (TensorFlow Serving's
  // row and column formats).
  v1: { homes: [[], ['predictions', any], ['outputs']], ignored: [] },
  // Ids and times, the model's name as it was asked for, what the backend runs on, and counts of tokens, which
  // include those that came from caches.
  openai: {
    homes: [[]],
    ignored: [
      ...['id', 'created', 'model', 'system_fingerprint', 'usage'].map((name) => [name]),
      ['choices', any, 'message', 'tool_calls', any, 'id'],
    ],
  },
};

const places = new WeakMap<AgreementRules, Map<Format, Place>>();

/** The root of an answer in a format. It is kept as long as the rules are: to make it takes longer than to compare. */
export function toPlaceOf(rules: AgreementRules, format: Format): Place {
  const known = places.get(rules) ?? new Map<Format, Place>();
  places.set(rules, known);
  const { homes, ignored } = layouts[format] ?? plain;
  const place = known.get(format) ?? toPlace(rules, homes, ignored);
  known.set(format, place);
  return place;
}
