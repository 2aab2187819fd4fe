/**
 * What both versions made of one request → what it counts for each check.
 *
 * Whatever was answered counts for the checks of errors, even where nobody could read or compare the answers: otherwise only
 * failures would be counted, and a good candidate with large answers would look as if it failed always.
 */
import type { AgreementRules } from '../core/analysis/analysis.ts';
import type { CheckCount } from '../core/analysis/block.ts';
import { toCheckId } from '../core/analysis/check-id.ts';
import type { AnalysisTask } from '../core/analysis/task.ts';
import type { DropReason, PairResult } from '../core/ports/compare.ts';
import type { Agreement } from './answers/agreement.ts';
import { compareAnswers } from './answers/compare-answers.ts';
import type { Call, Reply } from './answers/reply.ts';
import type { Outcome } from './outcome.ts';

export interface Pair {
  readonly protocol: 'grpc' | 'http';
  /** Without its query. */
  readonly path: string;
  readonly primary: Outcome;
  readonly candidate: Outcome;
  /** The primary's second answer; undefined: it was asked once. */
  readonly again: Outcome | undefined;
  /** The most that this process was late meanwhile. */
  readonly latenessMs: number;
  /** The same when it noticed the answers: only that is in their times, and it comes with slow and fast ones alike. */
  readonly noticedLateMs: number;
}

export interface Counted {
  readonly end:
    | { readonly is: 'compared'; readonly result: PairResult }
    | { readonly is: 'unknown'; readonly reason: string }
    | { readonly is: 'dropped'; readonly reason: DropReason };
  readonly counts: readonly CheckCount[];
  /** The first disagreement. */
  readonly example?: (Agreement & { readonly agrees: false }) | undefined;
}

/** Beyond this, this process itself may have let a deadline pass. */
const lateForDeadlinesMs = 500;
/** Beyond this, times say nothing. It is what `slower` forgives, too. */
const lateForTimesMs = 5;
/** `slower` forgives so many milliseconds. */
const slackMs = 5;

const exact: AgreementRules = { outputs: [], ignore: [] };

export function countPair(pair: Pair, task: AnalysisTask): Counted {
  const { primary, candidate, latenessMs, noticedLateMs } = pair;
  for (const outcome of [primary, candidate])
    if (outcome.is === 'unknown') return { end: { is: 'unknown', reason: outcome.code }, counts: [] };
  const isLate = (outcome: Outcome) => outcome.is === 'failed' && outcome.code === 'deadline';
  if (latenessMs > lateForDeadlinesMs && (isLate(primary) || isLate(candidate)))
    return { end: { is: 'dropped', reason: 'event-loop-late' }, counts: [] };
  const counts = new Map<string, CheckCount>();
  const count = (check: string, isBad: boolean) => counts.set(check, { check, bad: isBad ? 1 : 0, all: 1 });
  const hasFailed = candidate.is === 'failed';
  const areAnswered = primary.is === 'answered' && candidate.is === 'answered';
  for (const check of task.checks) {
    const id = toCheckId(check);
    if (check.code === 'errors.candidateOnly') count(id, hasFailed && primary.is !== 'failed');
    else if (check.code === 'errors.rate') count(id, hasFailed);
    else if (areAnswered && noticedLateMs <= lateForTimesMs) {
      // What this process may have added counts for the candidate, here and, with its slack, in `slower`.
      if (check.code === 'latency') count(id, candidate.ms - noticedLateMs > check.overMs);
      else if (check.code === 'slower') count(id, candidate.ms > check.times * primary.ms + slackMs);
    }
  }
  const unread = [primary, candidate].find((outcome) => outcome.is === 'unread');
  if (unread?.is === 'unread') return { end: { is: 'dropped', reason: unread.reason }, counts: [...counts.values()] };
  if (!areAnswered)
    return { end: { is: 'compared', result: toFailure(primary, candidate) }, counts: [...counts.values()] };
  return compare(pair, primary.reply, candidate.reply, task, counts);
}

/** The answers themselves, by each check of agreement; without one only whether both are of one version. */
function compare(
  { protocol, path, again }: Pair,
  primary: Reply,
  candidate: Reply,
  task: AnalysisTask,
  counts: Map<string, CheckCount>,
): Counted {
  const { subject } = task;
  const call: Call = {
    protocol,
    path,
    versions: { primary: subject.primary.name, candidate: subject.candidate.name },
  };
  const checks = task.checks.filter((check) => check.code === 'agreement');
  const end = (of: Counted['end'], example?: Counted['example']): Counted => ({
    end: of,
    counts: [...counts.values()],
    example,
  });
  let example: Counted['example'];
  for (const rules of checks.length > 0 ? checks : [exact]) {
    const agreement = compareAnswers(call, primary, candidate, rules);
    const isBlind = agreement.agrees === undefined;
    if (isBlind && (checks.length > 0 || agreement.code === 'same-version'))
      return end({ is: 'unknown', reason: agreement.code });
    if (checks.length === 0) return end({ is: 'compared', result: 'not-compared' });
    const check = toCheckId(rules as (typeof checks)[number]);
    if (agreement.agrees === false) example ??= agreement;
    const noise =
      again?.is === 'answered'
        ? compareAnswers({ ...call, versions: undefined }, primary, again.reply, rules)
        : undefined;
    counts.set(check, {
      check,
      bad: agreement.agrees === false ? 1 : 0,
      all: 1,
      ...(noise?.agrees !== undefined && { noiseBad: noise.agrees ? 0 : 1, noiseAll: 1 }),
    });
  }
  return end({ is: 'compared', result: example === undefined ? 'agree' : 'disagree' }, example);
}

function toFailure(primary: Outcome, candidate: Outcome): PairResult {
  if (primary.is !== 'failed') return 'candidate-failed';
  return candidate.is === 'failed' ? 'both-failed' : 'primary-failed';
}
