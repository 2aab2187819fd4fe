import { omitUndefined } from '../input/plain-value.ts';
import type { ModelState, VersionStatus } from '../input/schema.ts';
import { toLastingText } from './lasting-text.ts';
import type { LiveService, ServiceReport } from './live-object.ts';
import type { Trust } from './trust.ts';

/** What the cluster shows of one version at one moment. */
export interface ObservedVersion {
  readonly status: VersionStatus;
  /** Ready by `Standby` alone, which can also flash while a model loads. */
  readonly isStandby: boolean;
}

/**
 * The state of a declared InferenceService.
 *
 * @param live undefined when the cluster has none of this name.
 * @param trust whether its status may be trusted.
 */
export function computeObserved(
  name: string,
  live: LiveService | undefined,
  { isCurrent, wasLoaded }: Pick<Trust, 'isCurrent' | 'wasLoaded'>,
): ObservedVersion {
  const to = (state: ModelState, more: Pick<VersionStatus, 'loaded' | 'reason' | 'message'> = {}) => ({
    status: omitUndefined({ name, version: live?.version, digest: live?.digest, state, ...more }),
    isStandby: state === 'Ready' && live?.report?.active === 'Standby',
  });
  if (live === undefined) return to('Missing');
  if (live.deleting) return to('Deleting');
  const { report, loads } = live;
  if (report?.stopped === true) return to('Stopped');
  const loaded = wasLoaded ? loads : undefined;
  if (report === undefined) return to('Pending', { loaded });
  const state = computeState(report, wasLoaded);
  if (state === 'Loading') return to(state, { loaded });
  // What is reported of an earlier spec does not hold for this one; that it loads does no harm.
  if (!isCurrent) return to('Pending', { loaded });
  if (state === 'Ready') return to(state, { loaded: loads });
  const why = {
    reason: toLastingText(report.reason) || undefined,
    message: toLastingText(report.message) || undefined,
  };
  if (state === 'Failed') return to(state, why);
  return to(state, { loaded, ...(report.reason === unhealthy ? why : {}) });
}

/** KServe's reason while no runtime Pod can be asked, or none of those that can has loaded the model yet. */
const unhealthy = 'RuntimeUnhealthy';

/**
 * States as ModelMesh writes them (modelmesh-serving, controllers/predictor_controller.go). Some are not
 * what they seem:
 * - a first load that fails is UpToDate with an active model FailedToLoad;
 * - a live model whose update fails stays Ready True;
 * - without a runtime Pod the controller writes the reason RuntimeUnhealthy and leaves the rest as it is,
 *   Ready True and Loaded, though the new spec was never given to ModelMesh;
 * - when the Pods are back after the controller, models that were loaded stay `Ready False, Standby,
 *   RuntimeUnhealthy` until they are called: the first call loads them. A closed mirror calls nobody, so of a
 *   model that was loaded before, this is Ready by Standby.
 */
function computeState({ ready, transition, active, target, reason }: ServiceReport, wasLoaded: boolean): ModelState {
  if (transition === 'InvalidSpec' || transition === 'BlockedByFailedLoad') return 'Failed';
  if (active === 'FailedToLoad' || target === 'FailedToLoad') return 'Failed';
  if (active === 'Loading' || target === 'Loading' || transition === 'InProgress') return 'Loading';
  if (transition !== 'UpToDate') return 'Pending';
  if (reason === unhealthy)
    return wasLoaded && ready === 'False' && active === 'Standby' && target === '' ? 'Ready' : 'Pending';
  const serves = active === 'Loaded' || active === 'Standby';
  const settled = target === '' || target === 'Loaded' || target === 'Standby';
  return ready === 'True' && serves && settled ? 'Ready' : 'Pending';
}
