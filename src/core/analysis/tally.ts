/**
 * All that was counted of a subject, minute by minute: the sequence looks at whole minutes, and the brake at five of them. What
 * is too old for either is one sum.
 */
import type { AnalysisSubject } from '../input/verdict-schema.ts';
import { type Block, type BlockSum, type CheckCount, minuteMs } from './block.ts';
import { noCount } from './figures.ts';
import { addSums, noSums, type Sums, toSums } from './sums.ts';

export interface Minute {
  /** A whole minute: what is counted here was over by then, and not a minute before. */
  readonly end: number;
  readonly sums: Sums;
}

export interface Tally {
  readonly subject: AnalysisSubject;
  /** The ids of checks, in the order of the counts. */
  readonly checks: readonly string[];
  readonly older: Sums;
  /** The oldest first; only those in which anything was counted. */
  readonly minutes: readonly Minute[];
  /** When the last block ended, in ms since the epoch. */
  readonly end: number;
}

/** Replicas keep blocks for 15 minutes: so long ago, hardly anything is added to a minute any more. */
const memoryMs = 20 * minuteMs;
/** What ends later is by a clock that is wrong: it does not count. */
const aheadMs = 20 * minuteMs;
/** No analysis has so many. */
const mostChecks = 100;

export function beginTally(subject: AnalysisSubject): Tally {
  return { subject, checks: [], older: noSums, minutes: [], end: 0 };
}

/**
 * Adds a block, which must not be part of it yet. In whichever order blocks are added, the sums by the end of each minute that
 * is kept are the same.
 *
 * @param now by the clock of who counts, in ms since the epoch
 */
export function addBlock(tally: Tally, block: Block, now: number): Tally {
  if (block.end > now + aheadMs) return tally;
  const checks = learn(tally.checks, block.counts);
  const sums = toSums(block, checks);
  const end = Math.ceil(block.end / minuteMs) * minuteMs;
  const oldest = now - memoryMs;
  let { older } = tally;
  if (end <= oldest) older = addSums(older, sums);
  const minutes: Minute[] = [];
  let isAdded = end <= oldest;
  for (const minute of tally.minutes) {
    if (!isAdded && minute.end > end) {
      minutes.push({ end, sums });
      isAdded = true;
    }
    if (minute.end <= oldest) older = addSums(older, minute.sums);
    else if (minute.end !== end) minutes.push(minute);
    else {
      minutes.push({ end, sums: addSums(minute.sums, sums) });
      isAdded = true;
    }
  }
  if (!isAdded) minutes.push({ end, sums });
  return { subject: tally.subject, checks, older, minutes, end: Math.max(tally.end, block.end) };
}

/** The same in less memory: what nothing is added to any more keeps no minutes that are too old for a look. */
export function settleTally(tally: Tally, now: number): Tally {
  const oldest = now - memoryMs;
  const settled = tally.minutes.filter(({ end }) => end <= oldest);
  if (settled.length === 0) return tally;
  const older = settled.reduce((sums, minute) => addSums(sums, minute.sums), tally.older);
  return { ...tally, older, minutes: tally.minutes.slice(settled.length) };
}

/** Adds what is older than all blocks of a replica; as for them, once only. */
export function addBlockSum(tally: Tally, sum: BlockSum): Tally {
  const checks = learn(tally.checks, sum.counts);
  const older = addSums(tally.older, toSums(sum, checks));
  return { ...tally, checks, older, end: Math.max(tally.end, sum.end) };
}

/** What is kept of a subject, with its counts in the order of some checks. */
export type Past = Pick<Tally, 'older' | 'minutes'>;

/** What began later, as far as anyone can tell, is in the future: 30 s by the replica's clock, and 30 s by one's own. */
const skewMs = minuteMs;

/** @param now what is in the future does not count yet */
export function toPast(tally: Tally | undefined, checks: readonly string[], now: number): Past {
  if (tally === undefined) return { older: noSums, minutes: [] };
  const places = checks.map((id) => tally.checks.indexOf(id));
  const order = (sums: Sums): Sums =>
    sums === noSums ? sums : { ...sums, counts: places.map((place) => sums.counts[place] ?? noCount) };
  return {
    older: order(tally.older),
    minutes: tally.minutes
      .filter(({ end }) => end - minuteMs <= now + skewMs)
      .map(({ end, sums }) => ({ end, sums: order(sums) })),
  };
}

/** All that was over at a moment; undefined: all. */
export function sumUp({ older, minutes }: Past, moment = Number.POSITIVE_INFINITY): Sums {
  return minutes.reduce((sums, minute) => (minute.end <= moment ? addSums(sums, minute.sums) : sums), older);
}

/** What was over after one moment and by another. */
export function sumBetween({ minutes }: Past, after: number, moment: number): Sums {
  return minutes.reduce(
    (sums, minute) => (minute.end > after && minute.end <= moment ? addSums(sums, minute.sums) : sums),
    noSums,
  );
}

/** The checks, and those that were not counted before. */
function learn(checks: readonly string[], counts: readonly CheckCount[]): readonly string[] {
  const fresh = counts.flatMap(({ check }) => (checks.includes(check) ? [] : check));
  return fresh.length === 0 ? checks : [...checks, ...fresh].slice(0, mostChecks);
}
