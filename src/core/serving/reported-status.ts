/** The status of an InferenceService, as KServe's API defines it for all modes; empty where nothing is reported. */
import type { PlainMap } from '../input/plain-value.ts';
import { mapsAt, textAt } from '../input/plain-value.ts';

export interface ReportedStatus {
  /** The condition Ready: True, False, Unknown. */
  readonly ready: string;
  readonly isStopped: boolean;
  /** modelStatus.transitionStatus: UpToDate, InProgress, BlockedByFailedLoad, InvalidSpec. */
  readonly transition: string;
  /** modelStatus.states.activeModelState: Pending, Standby, Loading, Loaded, FailedToLoad. */
  readonly active: string;
  /** modelStatus.states.targetModelState. */
  readonly target: string;
  /** modelStatus.lastFailureInfo. */
  readonly reason: string;
}

export interface StatusReading {
  readonly status: ReportedStatus;
  /** modelStatus.lastFailureInfo. */
  readonly message: string;
  /** Of the condition Ready. */
  readonly ready: { readonly reason: string; readonly message: string };
  /** Changes with each new status: all of it except messages, and the latest time that is in it. */
  readonly stamp: string;
}

export function readReportedStatus(status: PlainMap): StatusReading {
  const conditions = mapsAt(status, ['conditions']);
  const condition = (type: string, field: string) =>
    textAt(
      conditions.find((found) => found['type'] === type),
      [field],
    ) ?? '';
  const modelStatus = (...path: string[]) => textAt(status, ['modelStatus', ...path]) ?? '';
  const reported: ReportedStatus = {
    ready: condition('Ready', 'status'),
    isStopped: condition('Stopped', 'status') === 'True',
    transition: modelStatus('transitionStatus'),
    active: modelStatus('states', 'activeModelState'),
    target: modelStatus('states', 'targetModelState'),
    reason: modelStatus('lastFailureInfo', 'reason'),
  };
  const times = conditions.map((found) => textAt(found, ['lastTransitionTime']) ?? '');
  const latest = [...times, modelStatus('lastFailureInfo', 'time')].reduce((a, b) => (a > b ? a : b));
  return {
    status: reported,
    message: modelStatus('lastFailureInfo', 'message'),
    ready: { reason: condition('Ready', 'reason'), message: condition('Ready', 'message') },
    stamp: [...Object.values(reported), latest].join(' '),
  };
}
