/** What live counts show of a judgement: how far each check is from a decision, and how long all of it takes at this pace. */
import { computeAlpha } from '../analysis/budget.ts';
import { type Forecast, forecast } from '../analysis/forecast.ts';
import type { LiveAnalysis, LiveCheck } from '../analysis/live-analysis.ts';
import type { LiveResult } from '../analysis/live-result.ts';
import { isSameSubject } from '../analysis/subject.ts';
import type { AnalysisSubject } from '../input/verdict-schema.ts';

export interface CheckOutlook extends LiveCheck {
  readonly forecast: Forecast;
}

/** Where it goes if calls go on as they did. Minutes are undefined where no calls have arrived lately. */
export type Prospect =
  /** It is Passing or Failing. */
  | { readonly code: 'decided' }
  /** All checks are within their limits: the next look may decide. */
  | { readonly code: 'any-moment' }
  /** `missing` more calls of `check`, which takes the longest. */
  | {
      readonly code: 'will-pass' | 'will-fail';
      readonly check: string;
      readonly missing: number;
      readonly minutes: number | undefined;
      readonly perMinute: number | undefined;
    }
  /** All checks are within their limits, and the step lasts for so long still, at least. */
  | { readonly code: 'holds'; readonly minutes: number }
  /** The share of bad calls is so near the limit that no number of calls decides. */
  | { readonly code: 'undecidable'; readonly check: string };

/** What the watcher was asked, and what came of it. */
export type LiveView =
  | { readonly code: 'not-asked' }
  | { readonly code: 'found'; readonly outlook: Outlook }
  | Exclude<LiveResult, { readonly code: 'found' }>;

export interface Outlook {
  readonly live: LiveAnalysis;
  /** Whether the watcher judges what the files describe; `step`: it does, in another step or attempt. */
  readonly about: 'same' | 'step' | 'other';
  readonly checks: readonly CheckOutlook[];
  readonly prospect: Prospect;
}

/** @param subject what the files describe. */
export function toOutlook(live: LiveAnalysis, subject: AnalysisSubject): Outlook {
  const { confidence, minSamples, steps } = live;
  const alpha = computeAlpha(confidence, Math.max(1, live.checks.length), steps);
  const checks = live.checks.map((check): CheckOutlook => {
    const { check: id, limit, bad, all, noise, perMinute = 0 } = check;
    const judged = { id, limit, withinNoise: noise !== undefined };
    const count = { bad, all, noiseBad: noise?.bad ?? 0, noiseAll: noise?.all ?? 0 };
    return { ...check, forecast: forecast(judged, count, { alpha, minSamples, perMinute }) };
  });
  return { live, about: compare(live.subject, subject), checks, prospect: findProspect(live, checks) };
}

function compare(live: AnalysisSubject, own: AnalysisSubject): Outlook['about'] {
  if (isSameSubject(live, own)) return 'same';
  return isSameSubject({ ...live, step: own.step, attempt: own.attempt }, own) ? 'step' : 'other';
}

function findProspect({ decided, waits }: LiveAnalysis, checks: readonly CheckOutlook[]): Prospect {
  if (decided !== undefined) return { code: 'decided' };
  // One check that fails is enough: the one that fails first.
  const failing = checks.filter(({ forecast: { towards } }) => towards === 'Failing').toSorted(compareTime)[0];
  if (failing !== undefined) return toProspect('will-fail', failing);
  const open = checks.find(({ forecast: { missing } }) => missing === undefined);
  if (open !== undefined) return { code: 'undecidable', check: open.check };
  const last = checks.toSorted(compareTime).at(-1);
  if (last !== undefined && last.forecast.missing !== 0) return toProspect('will-pass', last);
  const hold = waits.find((wait) => wait.code === 'hold');
  return hold?.leftMs ? { code: 'holds', minutes: hold.leftMs / 60_000 } : { code: 'any-moment' };
}

/** The soonest first; what nobody knows the time of last, by the calls. */
function compareTime({ forecast: one }: CheckOutlook, { forecast: other }: CheckOutlook): number {
  const never = Number.POSITIVE_INFINITY;
  const [a, b] = [one.minutes ?? never, other.minutes ?? never];
  return a === b ? (one.missing ?? never) - (other.missing ?? never) || 0 : a - b;
}

function toProspect(
  code: 'will-pass' | 'will-fail',
  { check, forecast: { missing, minutes }, perMinute }: CheckOutlook,
): Prospect {
  return missing === undefined ? { code: 'undecidable', check } : { code, check, missing, minutes, perMinute };
}
