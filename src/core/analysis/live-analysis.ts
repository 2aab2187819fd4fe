/** What the watcher shows of a judgement that is under way: the document of its `/analysis` pages. */
import { apiVersion } from '../input/schema-parts.ts';
import type { AnalysisSubject, Decided, DecidedCheck } from '../input/verdict-schema.ts';
import { computeAlpha } from './budget.ts';
import type { CoverageFault } from './coverage.ts';
import { toWritten } from './decided.ts';
import { computeFigures, noCount, toJudgedCheck } from './figures.ts';
import { toInstant } from './instant.ts';
import type { Progress } from './progress.ts';
import type { AnalysisTask } from './task.ts';
import type { Blindness, Verdict, Wait } from './verdict.ts';

/** What the last look at a candidate's counts showed: for people, as nothing is decided by it. */
export interface Seen {
  readonly task: AnalysisTask;
  readonly verdict: Verdict;
  /** Undefined: nothing is counted any more. */
  readonly progress: Progress | undefined;
  /** Since when copies are known to be sent to the comparer, in ms since the epoch. */
  readonly openSince: number;
  /** When the replicas were last asked, and when one of them last answered: in ms since the epoch. */
  readonly askedAt: number;
  readonly answeredAt: number | undefined;
}

export const liveAnalysisKind = 'LiveAnalysis';

/** Calls of one check since counting began, and what they show. */
export interface LiveCheck extends DecidedCheck {
  /** Calls a minute lately; undefined: counting has just begun, or has ended. */
  readonly perMinute?: number | undefined;
}

export type LiveWait =
  | Exclude<Wait, { readonly code: 'hold' }>
  /** Until when (RFC 3339), and how long that is from `askedAt`; undefined: nothing was counted yet. */
  | { readonly code: 'hold'; readonly until?: string | undefined; readonly leftMs?: number | undefined };

export type LiveBlindness =
  | CoverageFault
  /** RFC 3339. */
  | { readonly code: 'no-comparer'; readonly since?: string | undefined }
  | { readonly code: 'no-copies'; readonly minutes: number; readonly expected?: number | undefined };

export interface LiveCoverage {
  /** When the first call was counted: RFC 3339; undefined: none was. */
  readonly since?: string | undefined;
  readonly received: number;
  readonly compared: number;
  readonly dropped: number;
  readonly unknown: number;
  /** Copies that arrived a minute lately; undefined: counting has just begun. */
  readonly perMinute?: number | undefined;
}

/** Times are in RFC 3339, to the second, by the watcher's clock. */
export interface LiveAnalysis {
  readonly apiVersion: typeof apiVersion;
  readonly kind: typeof liveAnalysisKind;
  /** Of the model. */
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly subject: AnalysisSubject;
  readonly confidence: number;
  readonly minSamples: number;
  readonly steps: number;
  readonly holdMs: number;
  readonly openSince: string;
  readonly askedAt: string;
  readonly answeredAt?: string | undefined;
  readonly verdict: Verdict['verdict'];
  /** Of Passing and Failing. */
  readonly decided?: Decided | undefined;
  /** What Inconclusive waits for. */
  readonly waits: readonly LiveWait[];
  /** Why nothing can be seen now, of Unknown and Passing. */
  readonly blindness?: LiveBlindness | undefined;
  readonly checks: readonly LiveCheck[];
  /** Undefined: nothing is counted any more. */
  readonly coverage?: LiveCoverage | undefined;
}

export function toLiveAnalysis(metadata: LiveAnalysis['metadata'], seen: Seen): LiveAnalysis {
  const { task, verdict, progress, openSince, askedAt, answeredAt } = seen;
  const blindness = verdict.verdict === 'Unknown' ? verdict.reason : 'blind' in verdict ? verdict.blind : undefined;
  return {
    apiVersion,
    kind: liveAnalysisKind,
    metadata,
    subject: task.subject,
    confidence: task.confidence,
    minSamples: task.minSamples,
    steps: task.steps,
    holdMs: task.holdMs,
    openSince: toInstant(openSince),
    askedAt: toInstant(askedAt),
    answeredAt: toTime(answeredAt),
    verdict: verdict.verdict,
    decided: 'decided' in verdict ? verdict.decided : undefined,
    waits: verdict.verdict === 'Inconclusive' ? verdict.waits.map((wait) => toLiveWait(wait, askedAt)) : [],
    blindness: blindness && toLiveBlindness(blindness),
    checks: toLiveChecks(seen),
    coverage: progress && toCoverage(progress),
  };
}

/** Where nothing is counted any more, what the verdict follows from. */
export function toLiveChecks({ task, verdict, progress }: Seen): readonly LiveCheck[] {
  if (progress !== undefined) return toChecks(task, progress);
  return 'decided' in verdict ? verdict.decided.checks : [];
}

function toChecks({ checks, confidence, steps }: AnalysisTask, { sums, lately, latelyMs }: Progress) {
  const alpha = computeAlpha(confidence, checks.length, steps);
  return checks.map((check, i): LiveCheck => {
    const figures = computeFigures(toJudgedCheck(check), sums.counts[i] ?? noCount, alpha);
    return { ...toWritten(figures), perMinute: toPerMinute(lately.counts[i]?.all ?? 0, latelyMs) };
  });
}

function toCoverage({ sums, lately, latelyMs }: Progress): LiveCoverage {
  const { received, compared, dropped, unknown } = sums.covered;
  return {
    since: toTime(sums.from),
    received,
    compared,
    dropped,
    unknown,
    perMinute: toPerMinute(lately.covered.received, latelyMs),
  };
}

function toPerMinute(count: number, ms: number): number | undefined {
  return ms === 0 ? undefined : Number(((count * 60_000) / ms).toPrecision(3));
}

function toLiveWait(wait: Wait, now: number): LiveWait {
  if (wait.code !== 'hold') return wait;
  const { code, until } = wait;
  return until === undefined ? { code } : { code, until: toInstant(until), leftMs: Math.max(0, until - now) };
}

function toLiveBlindness(blindness: Blindness): LiveBlindness {
  if (blindness.code !== 'no-comparer') return blindness;
  return { code: 'no-comparer', since: toTime(blindness.since) };
}

function toTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : toInstant(ms);
}
