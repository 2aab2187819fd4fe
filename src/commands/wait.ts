/** Waits until models reach a goal, cannot reach it by waiting, or are late. */
import type { Goal } from '../core/assess/goal.ts';
import type { WaitState } from '../core/assess/wait.ts';
import { judgeWait } from '../core/assess/wait.ts';
import type { Fault } from '../core/diagnostics/fault.ts';
import { isFault } from '../core/diagnostics/fault.ts';
import { hasErrors } from '../core/diagnostics/problem.ts';
import type { Clock } from '../core/ports/watch.ts';
import type { ReadStatus, StatusReport } from './status.ts';

export interface WaitRequest {
  readonly goal: Goal;
  /** One model was named. */
  readonly isOne: boolean;
  readonly intervalMs: number;
  /** How long a state that ends the waiting must hold: while a model loads, states may flash. */
  readonly settleMs: number;
}

export interface WaitPorts {
  readonly readStatus: ReadStatus;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** Aborted when the time is over. */
  readonly deadline: AbortSignal;
  /** After each look that does not end the waiting. */
  readonly onProgress: (progress: WaitProgress) => void;
}

interface Checked {
  readonly report: StatusReport;
  readonly state: WaitState;
}

/** `trouble`: the state is the last that was seen, and it is tried again. */
export interface WaitProgress extends Checked {
  readonly trouble: Fault | undefined;
}

export type WaitResult =
  /** With the outcome `waiting`, it timed out. */
  | ({ readonly code: 'checked' } & Checked)
  /** The files have errors. */
  | { readonly code: 'problems'; readonly report: StatusReport }
  /** It timed out while nothing could be read. */
  | { readonly code: 'no-answer'; readonly trouble: Fault | undefined };

/** @throws Fault when the first look fails; later ones are retried until the deadline. */
export async function waitForGoal(
  { goal, isOne, intervalMs, settleMs }: WaitRequest,
  { readStatus, clock, deadline, onProgress }: WaitPorts,
): Promise<WaitResult> {
  let last: Checked | undefined;
  let trouble: Fault | undefined;
  let settling: { readonly key: string; readonly since: number } | undefined;
  do {
    try {
      const report = await readStatus(deadline);
      trouble = undefined;
      if (hasErrors(report.problems)) return { code: 'problems', report };
      const state = judgeWait(report.assessments, goal, isOne);
      const key = toKey(state);
      if (settling?.key !== key) settling = { key, since: clock.now() };
      const isSettled = isDeclared(state) || clock.now() - settling.since >= settleMs;
      if (state.outcome !== 'waiting' && isSettled) return { code: 'checked', report, state };
      // A state that has not held long enough by the deadline does not count.
      last = { report, state: { ...state, outcome: 'waiting' } };
    } catch (error) {
      if (!isFault(error) || error.code !== 'environment') throw error;
      if (deadline.aborted) break;
      if (last === undefined) throw error;
      trouble = error;
    }
    onProgress({ ...last, trouble });
    await clock.sleep(intervalMs, deadline);
  } while (!deadline.aborted);
  return trouble !== undefined || last === undefined ? { code: 'no-answer', trouble } : { code: 'checked', ...last };
}

/** Equal for states that stand for the same. */
function toKey({ outcome, models }: WaitState): string {
  return JSON.stringify([outcome, ...models.map(({ model, reason }) => [model.file, reason])]);
}

/** Nothing that is observed can change it. */
function isDeclared({ models }: WaitState): boolean {
  return models.every((one) => one.isDeclared === true);
}
