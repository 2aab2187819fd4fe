/**
 * Judges a candidate by what replicas of the comparer have counted: a fold over looks. Each look takes what was remembered
 * and what is known now, and returns what to remember and the verdict.
 *
 * What is decided from the sequence of minutes depends on the subject, the analysis, `since` and the blocks alone, not on
 * when somebody looks: two watchers with the same blocks decide the same, in equal bytes. The brake looks at minutes that are
 * not over yet, and can only close. Where two still differ, because a replica answered one of them only, the verdict that
 * is in git first stands, and comes back as `decided`.
 */
import type { Analysis, AnalysisSubject } from './analysis.ts';
import { type Block, endOf } from './block.ts';
import { brake } from './brake.ts';
import type { Decided } from './decided-schema.ts';
import { type JudgedCheck, noCount, toJudgedCheck } from './figures.ts';
import { memoryMs, type Recent, type Remembered, remember } from './remember.ts';
import { findMoments, lookAt, sightMs, toLastMoment } from './sequence.ts';
import { findBlindness } from './sight.ts';
import { isSameSubject } from './subject.ts';
import { addBlocks, noSums, type Sums } from './sums.ts';
import type { Verdict, Wait } from './verdict.ts';

export interface Look {
  readonly subject: AnalysisSubject;
  readonly analysis: Pick<Analysis, 'checks' | 'confidence' | 'minSamples'>;
  /** Of the ramp, at least 1. */
  readonly steps: number;
  /** How long a step lasts at least. */
  readonly holdMs: number;
  /** The time of the commit that began the step, or that reset its verdict; in ms since the epoch, not in the future. */
  readonly since: number;
  /** Since when the mirror is open, in ms since the epoch; undefined: it is closed. */
  readonly openSince: number | undefined;
  /** By the clock of who looks. */
  readonly now: number;
  /** What the replicas have: all of it, each time, in any order. Blocks of other subjects do not count. */
  readonly blocks: readonly Block[];
  /** When a replica last answered. */
  readonly answeredAt: number | undefined;
  /** How many copies a minute arrive, if others know: said where none has arrived yet. */
  readonly expectedPerMinute?: number | undefined;
  /** What git says; of another subject it does not count. */
  readonly decided: Decided | undefined;
}

/** What is remembered from one look to the next. Whoever has lost it counts from what replicas still have. */
export interface Judging {
  readonly subject: AnalysisSubject;
  readonly since: number;
  /** The last moment of the sequence that was looked at. */
  readonly looked: number;
  /** Of blocks that are no longer in `recent`. */
  readonly gone: Sums;
  readonly recent: Recent;
  readonly decided: Decided | undefined;
}

export function judge(
  before: Judging | undefined,
  look: Look,
): { readonly judging: Judging; readonly verdict: Verdict } {
  const start = before !== undefined && isAbout(before, look) ? before : begin(look);
  const inGit =
    look.decided !== undefined && isSameSubject(look.decided.subject, look.subject) ? look.decided : undefined;
  const standing = findStandingVerdict(start.decided, inGit);
  if (standing?.verdict === 'Failing')
    return { judging: { ...start, decided: standing }, verdict: { verdict: 'Failing', decided: standing } };

  const recent = remember(start.recent, look.blocks, look);
  const blocks = [...recent.values()].map(({ block }) => block);
  const whole = [...recent.values()].flatMap(({ block, isWhole }) => (isWhole ? [block] : []));
  const checks = look.analysis.checks.map(toJudgedCheck);
  const last = Math.max(start.looked, toLastMoment(look.now));
  const inSequence = standing ?? lookAtMoments(start, whole, checks, last, look);
  const bySequence = 'verdict' in inSequence ? inSequence : undefined;
  const decided = bySequence?.verdict === 'Failing' ? bySequence : (brake(blocks, checks, look) ?? bySequence);
  const judging = forget({ ...start, recent, looked: last, decided }, look.now, checks);
  if (decided?.verdict === 'Failing') return { judging, verdict: { verdict: 'Failing', decided } };

  const sums = addBlocks(start.gone, blocks, checks);
  const blind = findBlindnessNow(look, sums, blocks, last);
  if (decided !== undefined) return { judging, verdict: { verdict: 'Passing', decided, blind } };
  const counts = checks.map((_, i) => sums.counts[i] ?? noCount);
  if (blind !== undefined) return { judging, verdict: { verdict: 'Unknown', reason: blind, counts } };
  const closed: readonly Wait[] = look.openSince === undefined ? [{ code: 'closed' }] : [];
  const waits = 'verdict' in inSequence ? [] : inSequence;
  return { judging, verdict: { verdict: 'Inconclusive', waits: [...closed, ...waits], counts } };
}

function isAbout({ subject, since }: Judging, look: Look): boolean {
  return since === look.since && isSameSubject(subject, look.subject);
}

function begin({ subject, since }: Look): Judging {
  return { subject, since, looked: toLastMoment(since), gone: noSums, recent: new Map(), decided: undefined };
}

/** What git says stands, but for a brake of ours that is not there yet. */
function findStandingVerdict(own: Decided | undefined, inGit: Decided | undefined): Decided | undefined {
  if (inGit === undefined) return own;
  return inGit.verdict === 'Passing' && own?.by === 'brake' ? own : inGit;
}

function lookAtMoments(
  { gone, looked }: Judging,
  blocks: readonly Block[],
  checks: readonly JudgedCheck[],
  last: number,
  look: Look,
): Decided | readonly Wait[] {
  let waits: readonly Wait[] = [];
  for (const moment of findMoments(blocks, looked, last, look.since + look.holdMs)) {
    const sums = addBlocks(
      gone,
      blocks.filter((block) => endOf(block) <= moment),
      checks,
    );
    const found = lookAt(moment, sums, findLately(blocks, moment), { ...look, checks });
    if ('verdict' in found) return found;
    waits = found;
  }
  return waits;
}

function findLately(blocks: readonly Block[], moment: number): readonly Block[] {
  return blocks.filter((block) => endOf(block) <= moment && endOf(block) > moment - sightMs);
}

function findBlindnessNow(look: Look, sums: Sums, blocks: readonly Block[], last: number) {
  if (look.openSince === undefined) return undefined;
  const openSince = Math.max(look.openSince, look.since);
  return findBlindness({
    ...look,
    expectedPerMinute: look.expectedPerMinute,
    openSince,
    sums,
    lately: findLately(blocks, last),
  });
}

/** What is too old to arrive again is kept as a sum; what was never whole is lost. */
function forget(judging: Judging, now: number, checks: readonly JudgedCheck[]): Judging {
  const kept = new Map<string, Remembered>();
  const old: Block[] = [];
  for (const [id, remembered] of judging.recent)
    if (remembered.block.start >= now - memoryMs) kept.set(id, remembered);
    else if (remembered.isWhole) old.push(remembered.block);
  if (kept.size === judging.recent.size) return judging;
  return { ...judging, recent: kept, gone: addBlocks(judging.gone, old, checks) };
}
