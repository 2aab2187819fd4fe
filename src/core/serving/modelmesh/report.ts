/** The status that KServe and the controller of ModelMesh write → what it reports. */
import type { PlainMap } from '../../input/plain-value.ts';
import type { ModelState } from '../../input/schema.ts';
import type { ReportedStatus } from '../reported-status.ts';
import { readReportedStatus } from '../reported-status.ts';
import type { ServiceReport } from '../serving-mode.ts';

/** The reason while no runtime Pod can be asked, or none of those that can has loaded the model yet. */
const unhealthy = 'RuntimeUnhealthy';

export function readReport(value: PlainMap): ServiceReport {
  const { status, message, stamp } = readReportedStatus(value);
  return {
    state: computeState(status, false),
    stateIfLoaded: computeState(status, true),
    isStandby: status.active === 'Standby',
    isStopped: status.isStopped,
    isUnhealthy: status.reason === unhealthy,
    reason: status.reason,
    message,
    stamp,
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
function computeState({ ready, transition, active, target, reason }: ReportedStatus, wasLoaded: boolean): ModelState {
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
