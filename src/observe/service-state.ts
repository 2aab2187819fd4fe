import type { ModelState } from '../input/schema.ts';
import type { Knowledge } from './knowledge.ts';
import { toLastingText } from './lasting-text.ts';
import type { LiveService, ServiceReport } from './live-object.ts';

/** What the cluster says of one version at one moment. */
export interface SeenVersion {
  readonly name: string;
  readonly version?: string | undefined;
  readonly digest?: string | undefined;
  readonly state: ModelState;
  /** What the server has loaded, when that is known to be what is live. */
  readonly loaded?: string | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  /** Ready by `Standby` alone, which can also flash while a model loads. */
  readonly isStandby?: boolean;
}

/**
 * The state of a declared InferenceService.
 *
 * @param live undefined when the cluster has none of this name.
 * @param known what is known of it; see `knowledge.ts`.
 */
export function computeSeenVersion(
  name: string,
  live: LiveService | undefined,
  { looked, wasLoaded }: Pick<Knowledge, 'looked' | 'wasLoaded'>,
): SeenVersion {
  if (live === undefined) return { name, state: 'Missing' };
  const { version, digest, report, loads } = live;
  const seen = { name, version, digest };
  if (live.deleting) return { ...seen, state: 'Deleting' };
  if (live.report?.stopped === true) return { ...seen, state: 'Stopped' };
  const loaded = wasLoaded ? loads : undefined;
  if (report === undefined) return { ...seen, state: 'Pending', loaded };
  const state = computeState(report, wasLoaded);
  if (state === 'Loading') return { ...seen, state, loaded };
  // What is said of an earlier spec says nothing of this one; that it loads does no harm.
  if (!looked) return { ...seen, state: 'Pending', loaded };
  if (state === 'Ready') return { ...seen, state, loaded: loads, isStandby: report.active === 'Standby' };
  const why = {
    reason: toLastingText(report.reason) || undefined,
    message: toLastingText(report.message) || undefined,
  };
  if (state === 'Failed') return { ...seen, state, ...why };
  return { ...seen, state, loaded, ...(report.reason === unhealthy ? why : {}) };
}

/** KServe's reason while no runtime Pod can be asked, or none of those that can has loaded the model yet. */
const unhealthy = 'RuntimeUnhealthy';

/**
 * States as ModelMesh writes them (modelmesh-serving, controllers/predictor_controller.go). Some are not
 * what they seem:
 * - a first load that fails is UpToDate with an active model FailedToLoad;
 * - a live model whose update fails stays Ready True;
 * - without a runtime Pod the controller writes the reason RuntimeUnhealthy and leaves the rest as it stands,
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
