/** The status that KServe and the controller of ModelMesh write → what it reports. */
import type { PlainMap } from '../../input/plain-value.ts';
import { mapsAt, textAt } from '../../input/plain-value.ts';
import type { ModelState } from '../../input/schema.ts';
import type { ServiceReport } from '../serving-mode.ts';

/** Empty where nothing is reported. */
interface ModelStatus {
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

/** The reason while no runtime Pod can be asked, or none of those that can has loaded the model yet. */
const unhealthy = 'RuntimeUnhealthy';

export function readReport(status: PlainMap): ServiceReport {
  const conditions = mapsAt(status, ['conditions']);
  const condition = (type: string) =>
    textAt(
      conditions.find((found) => found['type'] === type),
      ['status'],
    );
  const modelStatus = (...path: string[]) => textAt(status, ['modelStatus', ...path]) ?? '';
  const reported: ModelStatus = {
    ready: condition('Ready') ?? '',
    isStopped: condition('Stopped') === 'True',
    transition: modelStatus('transitionStatus'),
    active: modelStatus('states', 'activeModelState'),
    target: modelStatus('states', 'targetModelState'),
    reason: modelStatus('lastFailureInfo', 'reason'),
  };
  const times = conditions.map((found) => textAt(found, ['lastTransitionTime']) ?? '');
  const latest = [...times, modelStatus('lastFailureInfo', 'time')].reduce((a, b) => (a > b ? a : b));
  return {
    state: computeState(reported, false),
    stateIfLoaded: computeState(reported, true),
    isStandby: reported.active === 'Standby',
    isStopped: reported.isStopped,
    isUnhealthy: reported.reason === unhealthy,
    reason: reported.reason,
    message: modelStatus('lastFailureInfo', 'message'),
    stamp: [...Object.values(reported), latest].join(' '),
  };
}

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
function computeState({ ready, transition, active, target, reason }: ModelStatus, wasLoaded: boolean): ModelState {
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
