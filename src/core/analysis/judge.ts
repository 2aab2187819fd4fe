/**
 * Judges a candidate by what replicas of the comparer have counted: a fold over looks. Each look takes what was remembered
 * and what is known now, and returns what to remember and the verdict.
 *
 * What is decided from the sequence of minutes depends on the subject, the analysis and the counts alone, not on when
 * somebody looks: two watchers that counted the same blocks decide the same, in equal bytes. The brake looks at minutes that are
 * not over yet, and only ever closes. Where two still differ, because a replica answered one of them only, the verdict that
 * is in git first stands, and comes back as `decided`.
 */

import type { AnalysisSubject, Decided } from '../input/verdict-schema.ts';
import type { Analysis } from './analysis.ts';
import { minuteMs } from './block.ts';
import { brake } from './brake.ts';
import { type JudgedCheck, noCount, toJudgedCheck } from './figures.ts';
import { type Progress, toProgress } from './progress.ts';
import { findMoments, lookAt, sightMs, toHoldEnd, toLastMoment } from './sequence.ts';
import { findBlindness } from './sight.ts';
import { isSameSubject } from './subject.ts';
import type { Sums } from './sums.ts';
import { type Past, sumBetween, sumUp, type Tally, toPast } from './tally.ts';
import type { Verdict, Wait } from './verdict.ts';

export interface Look {
  readonly subject: AnalysisSubject;
  readonly analysis: Pick<Analysis, 'checks' | 'confidence' | 'minSamples'>;
  /** Of the ramp, at least 1. */
  readonly steps: number;
  /** How long a step lasts at least, from `Judging.began` or `stepSince`, whichever is later. */
  readonly holdMs: number;
  /** When the step before ended, as git says, in ms since the epoch; undefined: this is the first one. */
  readonly stepSince?: number | undefined;
  /** Since when the mirror is open, in ms since the epoch; undefined: it is closed. */
  readonly openSince: number | undefined;
  /** By the clock of who looks. */
  readonly now: number;
  /** All that the replicas have counted; of another subject it does not count. Undefined: nothing yet. */
  readonly tally: Tally | undefined;
  /** When a replica last answered. */
  readonly answeredAt: number | undefined;
  /** How many copies a minute arrive, if others know: said where none has arrived yet. */
  readonly expectedPerMinute?: number | undefined;
  /** What git says; of another subject it does not count. */
  readonly decided: Decided | undefined;
}

/** What is remembered from one look to the next. Whoever has lost it looks again at the minutes that the tally still has. */
export interface Judging {
  readonly subject: AnalysisSubject;
  /** The last moment of the sequence that was looked at. */
  readonly looked: number;
  /**
   * When the first sample that counts may have arrived, in ms since the epoch: the earliest `start` of all that was counted of
   * the subject; undefined: nothing was. The hold of a step counts from here at the earliest: unlike the time of a commit, it is the same for
   * whoever reads the same replicas.
   */
  readonly began: number | undefined;
  readonly decided: Decided | undefined;
}

export interface Judged {
  readonly judging: Judging;
  readonly verdict: Verdict;
  /** Undefined: the verdict stood before anything was counted. */
  readonly progress: Progress | undefined;
}

export function judge(before: Judging | undefined, look: Look): Judged {
  const { subject, now } = look;
  const start =
    before !== undefined && isSameSubject(before.subject, subject)
      ? before
      : { subject, looked: 0, began: undefined, decided: undefined };
  const inGit = look.decided !== undefined && isSameSubject(look.decided.subject, subject) ? look.decided : undefined;
  const standing = findStandingVerdict(start.decided, inGit);
  if (standing?.verdict === 'Failing')
    return {
      judging: { ...start, decided: standing },
      verdict: { verdict: 'Failing', decided: standing },
      progress: undefined,
    };

  const looked = isFarAhead(start.looked, now) ? 0 : start.looked;
  const last = Math.max(looked, toLastMoment(now));
  const checks = look.analysis.checks.map(toJudgedCheck);
  const tally = look.tally !== undefined && isSameSubject(look.tally.subject, subject) ? look.tally : undefined;
  const past = toPast(
    tally,
    checks.map(({ id }) => id),
    now,
  );
  const sums = sumUp(past);
  const began = sums.from;
  const inSequence = standing ?? lookAtMoments(past, checks, { from: looked, last, began }, look);
  const bySequence = 'verdict' in inSequence ? inSequence : undefined;
  const decided = bySequence?.verdict === 'Failing' ? bySequence : (brake(past.minutes, checks, look) ?? bySequence);
  const judging: Judging = { subject, looked: last, began, decided };
  const lately = sumBetween(past, last - sightMs, last);
  const progress = toProgress(sums, lately, last);
  if (decided?.verdict === 'Failing') return { judging, verdict: { verdict: 'Failing', decided }, progress };

  const blind = findBlindnessNow(look, sums, lately);
  if (decided !== undefined) return { judging, verdict: { verdict: 'Passing', decided, blind }, progress };
  const counts = checks.map((_, i) => sums.counts[i] ?? noCount);
  if (blind !== undefined) return { judging, verdict: { verdict: 'Unknown', reason: blind, counts }, progress };
  const closed: readonly Wait[] = look.openSince === undefined ? [{ code: 'closed' }] : [];
  const waits = 'verdict' in inSequence ? [] : inSequence;
  return { judging, verdict: { verdict: 'Inconclusive', waits: [...closed, ...waits], counts }, progress };
}

/** A clock that was put back by more than that was wrong before: until then, no minute would be looked at. */
function isFarAhead(looked: number, now: number): boolean {
  return looked > now + 10 * minuteMs;
}

/** What git says stands, but for a brake of ours that is not there yet. */
function findStandingVerdict(own: Decided | undefined, inGit: Decided | undefined): Decided | undefined {
  if (inGit === undefined) return own;
  return inGit.verdict === 'Passing' && own?.by === 'brake' ? own : inGit;
}

interface Span {
  /** Looked at before. */
  readonly from: number;
  readonly last: number;
  readonly began: number | undefined;
}

function lookAtMoments(
  past: Past,
  checks: readonly JudgedCheck[],
  { from, last, began }: Span,
  look: Look,
): Decided | readonly Wait[] {
  let waits: readonly Wait[] = [];
  for (const moment of findMoments(past.minutes, from, last, toHoldEnd(began, look))) {
    const lately = sumBetween(past, moment - sightMs, moment).covered;
    const found = lookAt(moment, sumUp(past, moment), lately, { ...look, checks });
    if ('verdict' in found) return found;
    waits = found;
  }
  return waits;
}

function findBlindnessNow(look: Look, sums: Sums, { covered }: Sums) {
  const { openSince, expectedPerMinute } = look;
  if (openSince === undefined) return undefined;
  return findBlindness({ ...look, expectedPerMinute, openSince, sums, lately: covered });
}
