/**
 * What replicas of the comparer have counted → what a status file has about a candidate's judgement.
 *
 * Invariants: a verdict is recorded when it is decided, and stands until what it is about changes; nothing that is counted
 * of other versions, or by other rules, ever counts; a mirror that is closed shows nothing new, so its verdict stays. A step
 * of the ramp is left by its Passing alone, which stays recorded as `passed` while the next one is judged.
 */
import { minuteMs } from '../analysis/block.ts';
import { fromInstant } from '../analysis/instant.ts';
import type { Judging } from '../analysis/judge.ts';
import { judge } from '../analysis/judge.ts';
import type { Seen } from '../analysis/live-analysis.ts';
import { findStep, isPassingBy } from '../analysis/ramp.ts';
import { isHeldFor, isSameSubject } from '../analysis/subject.ts';
import type { Tally } from '../analysis/tally.ts';
import type { AnalysisTask } from '../analysis/task.ts';
import type { Blindness, Verdict } from '../analysis/verdict.ts';
import { omitUndefined } from '../input/plain-value.ts';
import type { CandidateStatus, VersionStatus } from '../input/schema.ts';
import type { AnalysisSubject, Decided, Undecided, WrittenVerdict } from '../input/verdict-schema.ts';
import { isSameDigest } from '../serving/digest-text.ts';

/** What the replicas have shown. */
export interface Evidence {
  /** All that they have counted of a subject. @param key the model's `namespace/name` */
  readonly find: (key: string, subject: AnalysisSubject) => Tally | undefined;
  /** When they were last asked, in ms since the epoch. */
  readonly askedAt: number;
  /** When one of them last answered; undefined: none has. */
  readonly answeredAt: number | undefined;
}

interface JudgeInput {
  /** What the live routes have the comparer compare; undefined: nothing. */
  readonly task: AnalysisTask | undefined;
  /** Of the model. */
  readonly key: string;
  /** Undefined: nobody looks, and what is recorded stays. */
  readonly evidence: Evidence | undefined;
}

export interface JudgeMemory {
  readonly judging: Judging | undefined;
  /** Since when copies are known to be sent to the comparer, in ms since the epoch; undefined: none are. */
  readonly openSince: number | undefined;
  /** When what is recorded as Unknown was last found, in ms since the epoch. */
  readonly unknownAt?: number | undefined;
  /** Undefined: nothing is compared now. */
  readonly seen?: Seen | undefined;
}

const noMemory: JudgeMemory = { judging: undefined, openSince: undefined };

/**
 * For so long Unknown stands after it was last found: traffic that comes and goes, or one answer in ten that tells nothing,
 * would be commits without end.
 */
const calmMs = 30 * minuteMs;

export type Judgement = Pick<CandidateStatus, 'attempt' | 'passed' | 'verdict'>;

/**
 * @param candidate as it is recorded now; undefined: nothing is known of it.
 * @param recorded what the file in git has of the candidate's judgement.
 */
export function judgeCandidate(
  candidate: Pick<VersionStatus, 'name' | 'digest'>,
  recorded: Judgement,
  memory: JudgeMemory | undefined,
  { task, key, evidence }: JudgeInput,
): { readonly judgement: Judgement; readonly memory: JudgeMemory } {
  const { attempt } = recorded;
  const known = keep(recorded.verdict, candidate, attempt);
  const passed = keep(recorded.passed, candidate, attempt);
  if (evidence === undefined)
    return { judgement: omitUndefined({ attempt, passed, verdict: known }), memory: memory ?? noMemory };
  const isOpen = task !== undefined && isAbout(task.subject, candidate) && task.subject.attempt === (attempt ?? 0);
  if (!isOpen)
    return {
      judgement: omitUndefined({ attempt, passed, verdict: known?.verdict === 'Unknown' ? undefined : known }),
      memory: { judging: memory?.judging, openSince: undefined },
    };
  const { subject, checks, confidence, minSamples, steps, holdMs } = task;
  const { askedAt, answeredAt } = evidence;
  const openSince = findOpenSince(memory, subject, askedAt);
  const shown = { task, openSince, askedAt, answeredAt };
  const held = known !== undefined && known.verdict !== 'Unknown' && isHeldFor(known, subject) ? known : undefined;
  if (held?.verdict === 'Failing')
    return {
      judgement: omitUndefined({ attempt, passed, verdict: held }),
      memory: {
        judging: memory?.judging,
        openSince,
        seen: { ...shown, verdict: { verdict: 'Failing', decided: held }, progress: undefined },
      },
    };
  const step = findStep(passed, subject, task);
  const behind = step === 0 ? undefined : passed;
  const stands = held !== undefined && isLast(task) && isPassingBy(held, task);
  const { judging, verdict, progress } = judge(memory?.judging, {
    subject,
    analysis: { checks, confidence, minSamples },
    steps,
    holdMs,
    stepSince: step === subject.step && behind !== undefined ? fromInstant(behind.at) : undefined,
    openSince,
    now: askedAt,
    tally: evidence.find(key, subject),
    answeredAt,
    decided: step === subject.step + 1 ? behind : stands ? held : undefined,
  });
  const unknown = known?.verdict === 'Unknown' && isSameSubject(known.subject, subject) ? known : undefined;
  const { written, unknownAt } = calm(unknown, toWritten(verdict, unknown, subject), memory?.unknownAt, askedAt);
  return {
    judgement: omitUndefined({ attempt, ...toNext(written, behind, task, step) }),
    memory: { judging, openSince, unknownAt, seen: { ...shown, verdict, progress } },
  };
}

/**
 * What follows for the step that git has from what was found at the one that the routes show. The two differ until a commit is
 * applied, and then nothing but Failing counts.
 */
function toNext(
  found: WrittenVerdict | undefined,
  passed: Decided | undefined,
  task: AnalysisTask,
  step: number,
): Pick<Judgement, 'passed' | 'verdict'> {
  if (found?.verdict === 'Failing') return { passed, verdict: found };
  if (task.subject.step !== step) return { passed };
  if (found?.verdict === 'Passing' && !isLast(task)) return { passed: found };
  return { passed, verdict: found };
}

/** No step follows this one. */
function isLast({ subject, steps }: AnalysisTask): boolean {
  return subject.step === steps - 1;
}

/** Of another subject, nothing could arrive before. And clocks are put back at times. */
function findOpenSince(memory: JudgeMemory | undefined, subject: AnalysisSubject, now: number): number {
  const { judging, openSince = now } = memory ?? noMemory;
  return judging !== undefined && !isSameSubject(judging.subject, subject) ? now : Math.min(openSince, now);
}

/** What is recorded as Unknown stands until it was not found for a while, or something is decided. */
function calm(
  recorded: Undecided | undefined,
  found: WrittenVerdict | undefined,
  unknownAt: number | undefined,
  now: number,
): { readonly written: WrittenVerdict | undefined; readonly unknownAt: number } {
  const isDecided = found !== undefined && found.verdict !== 'Unknown';
  if (recorded === undefined || found === recorded || isDecided) return { written: found, unknownAt: now };
  const since = Math.min(unknownAt ?? now, now);
  return now - since < calmMs ? { written: recorded, unknownAt: since } : { written: found, unknownAt: now };
}

/** A recorded verdict, unless it is about another candidate, or people had the judgement begin again. */
function keep<T extends WrittenVerdict>(
  verdict: T | undefined,
  candidate: Pick<VersionStatus, 'name' | 'digest'>,
  attempt = 0,
): T | undefined {
  if (verdict === undefined || verdict.subject.attempt !== attempt) return undefined;
  // A candidate that somebody deletes and creates again is the same one.
  return isAbout(verdict.subject, { ...candidate, digest: candidate.digest ?? verdict.subject.candidate.digest })
    ? verdict
    : undefined;
}

function isAbout({ candidate: { name, digest } }: AnalysisSubject, candidate: Pick<VersionStatus, 'name' | 'digest'>) {
  return name === candidate.name && candidate.digest !== undefined && isSameDigest(digest, candidate.digest);
}

function toWritten(
  verdict: Verdict,
  known: Undecided | undefined,
  subject: AnalysisSubject,
): WrittenVerdict | undefined {
  switch (verdict.verdict) {
    case 'Failing':
    case 'Passing':
      return verdict.decided;
    case 'Inconclusive':
      return undefined;
    case 'Unknown':
      // Figures that change all the time would be a commit each time.
      return known?.reason === verdict.reason.code
        ? known
        : { verdict: 'Unknown', reason: verdict.reason.code, ...toExpected(verdict.reason), subject };
  }
}

function toExpected(reason: Blindness): { readonly expected?: number } {
  return reason.code === 'no-copies' && reason.expected !== undefined ? { expected: reason.expected } : {};
}
