/** Conditions as controllers write them: a time changes only with what it is the time of. */
import { mapsAt } from '../../../core/input/plain-value.ts';
import { toTime } from '../kubernetes/request.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string | undefined;
  readonly message?: string;
  readonly severity?: string;
}

/** @param status the one before, which has the conditions before. */
export function findCondition(status: unknown, type: string): Condition | undefined {
  return mapsAt(status, ['conditions']).find((one) => one['type'] === type) as Condition | undefined;
}

/** The conditions, each with the time since when it has this status. */
export function withTimes(status: unknown, conditions: readonly Condition[]): object[] {
  return conditions.map((condition) => {
    const before = findCondition(status, condition.type) as (Condition & { lastTransitionTime?: string }) | undefined;
    const isSame = before?.status === condition.status && before.lastTransitionTime !== undefined;
    return { ...condition, lastTransitionTime: isSame ? before.lastTransitionTime : toTime() };
  });
}
