import { omitUndefined } from '../input/plain-value.ts';
import type { ModelState, VersionStatus } from '../input/schema.ts';
import { toLastingText } from './lasting-text.ts';
import type { LiveService } from './live-object.ts';
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
    status: omitUndefined({
      ...{ name, version: live?.version, digest: live?.digest, state, ...more },
      uid: more.loaded === undefined ? undefined : live?.uid || undefined,
    }),
    isStandby: state === 'Ready' && live?.report?.isStandby === true,
  });
  if (live === undefined) return to('Missing');
  if (live.deleting) return to('Deleting');
  const { report, loads } = live;
  if (report?.isStopped === true) return to('Stopped');
  const loaded = wasLoaded ? loads : undefined;
  if (report === undefined) return to('Pending', { loaded });
  // Its workloads show which spec it is about, or that it is about none yet.
  const isKnown = report.isAbout !== undefined;
  const state = wasLoaded ? report.stateIfLoaded : report.state;
  const why = {
    reason: toLastingText(report.reason) || undefined,
    message: toLastingText(report.message) || undefined,
  };
  if (state === 'Loading') return to(state, { loaded, ...(isKnown && report.isUnhealthy ? why : {}) });
  // What is reported of an earlier spec does not hold for this one; that it loads does no harm.
  if (!isCurrent && (!isKnown || state === 'Ready')) return to('Pending', { loaded });
  if (state === 'Ready') return to(state, { loaded: loads });
  if (state === 'Failed') return to(state, why);
  return to(state, { loaded, ...(report.isUnhealthy ? why : {}) });
}
