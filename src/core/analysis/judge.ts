/**
 * Judges a candidate by what replicas of the comparer have counted: a fold over looks. Each look takes what was remembered
 * and what is known now, and returns what to remember and the verdict.
 *
 * What is decided from the sequence of minutes depends on the subject, the analysis and the blocks alone, not on
 * when somebody looks: two watchers with the same blocks decide the same, in equal bytes. The brake looks at minutes that are
 * not over yet, and only ever closes. Where two still differ, because a replica answered one of them only, the verdict that
 * is in git first stands, and comes back as `decided`.
 */

import type { AnalysisSubject, Decided } from '../input/verdict-schema.ts';
import type { Analysis } from './analysis.ts';
import type { Block } from './block.ts';
import { brake } from './brake.ts';
import { type JudgedCheck, noCount, toJudgedCheck } from './figures.ts';
import { type Progress, toProgress } from './progress.ts';
import { isFarAhead, isForgotten, type Recent, remember } from './remember.ts';
import { findMoments, lookAt, sightMs, toHoldEnd, toLastMoment } from './sequence.ts';
import { findBlindness } from './sight.ts';
import { isSameSubject } from './subject.ts';
import { addBlocks, noSums, type Sums } from './sums.ts';
import type { Verdict, Wait } from './verdict.ts';

export interface Look {
  readonly subject: AnalysisSubject;
  readonly analysis: Pick<Analysis, 'checks' | 'confidence' | 'minSamples'>;
  /** Of the ramp, at least 1. */
  readonly steps: number;
  /** How long a step lasts at least, from `Judging.began`. */
  readonly holdMs: number;
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
  /** The last moment of the sequence that was looked at. */
  readonly looked: number;
  /** Of blocks that are no longer in `recent`. */
  readonly gone: Sums;
  readonly recent: Recent;
  /**
   * When the first sample that counts may have arrived, in ms since the epoch: the earliest `start` of all that was counted of
   * the subject; undefined: nothing was. The hold of a step counts from here: unlike the time of a commit, it is the same for
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
  const known = before !== undefined && isSameSubject(before.subject, look.subject) ? before : begin(look);
  // What is counted now would count as forgotten, for as long as the clock was ahead.
  const start = isFarAhead(known, look.now) ? { ...begin(look), decided: known.decided } : known;
  const inGit =
    look.decided !== undefined && isSameSubject(look.decided.subject, look.subject) ? look.decided : undefined;
  const standing = findStandingVerdict(start.decided, inGit);
  if (standing?.verdict === 'Failing')
    return {
      judging: { ...start, decided: standing },
      verdict: { verdict: 'Failing', decided: standing },
      progress: undefined,
    };

  const last = Math.max(start.looked, toLastMoment(look.now));
  const recent = remember(start.recent, look.blocks, look.subject, last, look.now);
  const blocks = [...recent.values()];
  const fresh = recent === start.recent ? [] : blocks.filter((block) => start.recent.get(block.id) !== block);
  const checks = look.analysis.checks.map(toJudgedCheck);
  const sums = addBlocks(start.gone, blocks, checks);
  const began = sums.from;
  const inSequence = standing ?? lookAtMoments({ ...start, began }, blocks, checks, last, look);
  const bySequence = 'verdict' in inSequence ? inSequence : undefined;
  const decided = bySequence?.verdict === 'Failing' ? bySequence : (brake(blocks, fresh, checks, look) ?? bySequence);
  const judging = forget({ ...start, recent, began, looked: last, decided }, checks);
  const progress = toProgress(sums, findLately(blocks, last), last, checks);
  if (decided?.verdict === 'Failing') return { judging, verdict: { verdict: 'Failing', decided }, progress };

  const blind = findBlindnessNow(look, sums, blocks, last);
  if (decided !== undefined) return { judging, verdict: { verdict: 'Passing', decided, blind }, progress };
  const counts = checks.map((_, i) => sums.counts[i] ?? noCount);
  if (blind !== undefined) return { judging, verdict: { verdict: 'Unknown', reason: blind, counts }, progress };
  const closed: readonly Wait[] = look.openSince === undefined ? [{ code: 'closed' }] : [];
  const waits = 'verdict' in inSequence ? [] : inSequence;
  return { judging, verdict: { verdict: 'Inconclusive', waits: [...closed, ...waits], counts }, progress };
}

function begin({ subject }: Look): Judging {
  return { subject, looked: 0, gone: noSums, recent: new Map(), began: undefined, decided: undefined };
}

/** What git says stands, but for a brake of ours that is not there yet. */
function findStandingVerdict(own: Decided | undefined, inGit: Decided | undefined): Decided | undefined {
  if (inGit === undefined) return own;
  return inGit.verdict === 'Passing' && own?.by === 'brake' ? own : inGit;
}

function lookAtMoments(
  { gone, looked, began }: Judging,
  blocks: readonly Block[],
  checks: readonly JudgedCheck[],
  last: number,
  look: Look,
): Decided | readonly Wait[] {
  let waits: readonly Wait[] = [];
  for (const moment of findMoments(blocks, looked, last, toHoldEnd(began, look.holdMs))) {
    const sums = addBlocks(
      gone,
      blocks.filter((block) => block.end <= moment),
      checks,
    );
    const found = lookAt(moment, sums, findLately(blocks, moment), { ...look, checks });
    if ('verdict' in found) return found;
    waits = found;
  }
  return waits;
}

function findLately(blocks: readonly Block[], moment: number): readonly Block[] {
  return blocks.filter((block) => block.end <= moment && block.end > moment - sightMs);
}

function findBlindnessNow(look: Look, sums: Sums, blocks: readonly Block[], last: number) {
  const { openSince } = look;
  if (openSince === undefined) return undefined;
  return findBlindness({
    ...look,
    expectedPerMinute: look.expectedPerMinute,
    openSince,
    sums,
    lately: findLately(blocks, last),
  });
}

/** What is too old to arrive again is kept as a sum. */
function forget(judging: Judging, checks: readonly JudgedCheck[]): Judging {
  const kept = new Map<string, Block>();
  const old: Block[] = [];
  for (const [id, block] of judging.recent)
    if (isForgotten(block, judging.looked)) old.push(block);
    else kept.set(id, block);
  if (old.length === 0) return judging;
  return { ...judging, recent: kept, gone: addBlocks(judging.gone, old, checks) };
}
