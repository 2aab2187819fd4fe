import type { ModelState } from '../input/schema.ts';
import { toLastingText } from './lasting-text.ts';
import type { LiveService, ServiceReport } from './live-object.ts';

/** What the cluster says of one version at one moment. */
export interface SeenVersion {
  readonly name: string;
  readonly version?: string | undefined;
  readonly digest?: string | undefined;
  readonly state: ModelState;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** Ready by `Standby` alone, which can also flash while a model loads. */
  readonly isStandby?: boolean;
}

/**
 * The state of a declared InferenceService.
 *
 * @param live undefined when the cluster has none of this name.
 * @param looked whether KServe can have looked at the live spec; see `freshness.ts`.
 */
export function computeSeenVersion(name: string, live: LiveService | undefined, looked: boolean): SeenVersion {
  if (live === undefined) return { name, state: 'Missing' };
  const { version, digest, report } = live;
  const seen = { name, version, digest };
  if (live.deleting) return { ...seen, state: 'Deleting' };
  if (report === undefined) return { ...seen, state: 'Pending' };
  const state = computeState(report);
  // What is said of an earlier spec says nothing of this one; that it loads does no harm.
  if (!looked && (state === 'Ready' || state === 'Failed')) return { ...seen, state: 'Pending' };
  if (state === 'Failed') {
    const { reason, message } = report;
    return {
      ...seen,
      state,
      reason: toLastingText(reason) || undefined,
      message: toLastingText(message) || undefined,
    };
  }
  return { ...seen, state, isStandby: state === 'Ready' && report.active === 'Standby' };
}

/**
 * States as ModelMesh writes them (modelmesh-serving, controllers/predictor_controller.go). Two are not
 * what they seem: a first load that fails is UpToDate with an active model FailedToLoad, and a live
 * model whose update fails stays Ready True.
 */
function computeState({ ready, stopped, transition, active, target }: ServiceReport): ModelState {
  if (stopped) return 'Stopped';
  if (transition === 'InvalidSpec' || transition === 'BlockedByFailedLoad') return 'Failed';
  if (active === 'FailedToLoad' || target === 'FailedToLoad') return 'Failed';
  if (active === 'Loading' || target === 'Loading' || transition === 'InProgress') return 'Loading';
  const serves = active === 'Loaded' || active === 'Standby';
  const settled = target === '' || target === 'Loaded' || target === 'Standby';
  return ready === 'True' && transition === 'UpToDate' && serves && settled ? 'Ready' : 'Pending';
}
