import * as v from 'valibot';
import { apiVersion } from '../input/schema-parts.ts';
import { verdictSchema } from '../input/verdict-schema.ts';
import type { LiveAnalysis, LiveBlindness, LiveWait } from './live-analysis.ts';
import { liveAnalysisKind } from './live-analysis.ts';

/** What was read of a watcher's page. */
export type ReadAnalysis =
  | { readonly code: 'found'; readonly analysis: LiveAnalysis }
  /** Why there is none: see `UnjudgedCode`; a later release may have others. */
  | { readonly code: 'unjudged'; readonly why: string }
  | { readonly code: 'other-version'; readonly version: string }
  | { readonly code: 'foreign' };

/** Of the answer where nothing is judged. */
export const noAnalysisKind = 'NoAnalysis';

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
const time = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const rate = v.pipe(v.number(), v.finite(), v.minValue(0));

const bounded = v.pipe(
  v.object({ bad: count, all: count, low: share, high: share }),
  v.check(({ bad, all, low, high }) => bad <= all && low <= high),
);
const check = v.intersect([
  bounded,
  v.object({ check: word, limit: share, noise: v.optional(bounded), perMinute: v.optional(rate) }),
]);

const fault = [
  v.object({ code: v.literal('one-version'), asked: count, unknown: count }),
  v.object({ code: v.literal('coverage'), received: count, compared: count, dropped: count, unknown: count }),
] as const;

const wait: v.GenericSchema<unknown, LiveWait> = v.variant('code', [
  v.object({ code: v.literal('closed') }),
  v.object({ code: v.literal('open'), check: word }),
  v.object({ code: v.literal('samples'), check: word, all: count, needed: count }),
  v.object({ code: v.literal('hold'), until: v.optional(time), leftMs: v.optional(count) }),
  v.object({ code: v.literal('coverage'), fault: v.variant('code', fault) }),
]);

const blindness: v.GenericSchema<unknown, LiveBlindness> = v.variant('code', [
  v.object({ code: v.literal('no-comparer'), since: v.optional(time) }),
  v.object({ code: v.literal('no-copies'), minutes: count, expected: v.optional(count) }),
  ...fault,
]);

const version = v.object({ name: word, digest: word });

const document = v.pipe(
  v.object({
    apiVersion: v.literal(apiVersion),
    kind: v.literal(liveAnalysisKind),
    metadata: v.object({ name: word, namespace: word }),
    subject: v.object({ primary: version, candidate: version, analysis: word, step: count, attempt: count }),
    confidence: v.pipe(v.number(), v.gtValue(0), v.ltValue(1)),
    minSamples: count,
    steps: v.pipe(count, v.minValue(1), v.maxValue(1000)),
    holdMs: count,
    openSince: time,
    askedAt: time,
    answeredAt: v.optional(time),
    verdict: v.picklist(['Passing', 'Failing', 'Unknown', 'Inconclusive']),
    decided: v.optional(
      v.pipe(
        verdictSchema,
        v.check(({ verdict }) => verdict !== 'Unknown'),
        v.transform((written) => written as Exclude<typeof written, { readonly verdict: 'Unknown' }>),
      ),
    ),
    // A later release may wait for what this one does not know.
    waits: v.pipe(
      v.array(v.fallback(v.nullable(wait), null)),
      v.maxLength(200),
      v.transform((waits) => waits.filter((one) => one !== null)),
    ),
    blindness: v.optional(blindness),
    checks: v.pipe(v.array(check), v.maxLength(100)),
    coverage: v.optional(
      v.object({
        since: v.optional(time),
        received: count,
        compared: count,
        dropped: count,
        unknown: count,
        perMinute: v.optional(rate),
      }),
    ),
  }),
  v.check(({ verdict, decided }) => (verdict === 'Passing' || verdict === 'Failing') === (decided !== undefined)),
);

const envelope = v.object({ apiVersion: word, kind: v.string() });
const unjudged = v.object({
  apiVersion: v.literal(apiVersion),
  kind: v.literal(noAnalysisKind),
  code: v.pipe(word, v.maxLength(50)),
});

/** What a page has, parsed from JSON, whatever that is. */
export function readLiveAnalysis(value: unknown): ReadAnalysis {
  const found = v.safeParse(document, value, { abortEarly: true });
  if (found.success) return { code: 'found', analysis: found.output };
  const none = v.safeParse(unjudged, value, { abortEarly: true });
  if (none.success) return { code: 'unjudged', why: none.output.code };
  const head = v.safeParse(envelope, value, { abortEarly: true });
  const isOurs = head.success && head.output.apiVersion.startsWith(`${group}/`);
  return isOurs && head.output.apiVersion !== apiVersion
    ? { code: 'other-version', version: head.output.apiVersion }
    : { code: 'foreign' };
}

const [group] = apiVersion.split('/');
