/** What held for how long. */

import type { Role } from '../change/change.ts';
import { findObserved } from '../input/model-status.ts';
import type { VersionStatus } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import { findVersion, mirrorOf } from '../rollout/decided.ts';

/** Something that held for a time; the last stage ends now. Seconds since 1970. */
export interface Stage<T> {
  readonly from: number;
  readonly to: number;
  readonly value: T;
}

export interface StageVersion {
  readonly version: string;
  /** As the status file reported it; undefined when it did not report this version. */
  readonly state: VersionStatus['state'] | undefined;
}

/** What the model file declares, with the state of it that the status file reports. */
export function toStageVersion(model: RenderedRollout | undefined, role: Role): StageVersion | undefined {
  const decided = model && findVersion(model, role);
  if (decided === undefined) return undefined;
  const { version, digest } = decided;
  const observed = model?.status && findObserved(model.status.status, role);
  const isOfVersion = observed?.name === version.name && observed.digest === digest;
  return { version: version.declared.version, state: isOfVersion ? observed.state : undefined };
}

/** The share of requests that is mirrored, in percent. */
export function toPercentage(model: RenderedRollout | undefined): number {
  return model === undefined ? 0 : mirrorOf(model).percentage;
}

/** Equal values that follow each other are one stage. */
export function toStages<T>(
  moments: readonly { readonly time: number; readonly deployed: RenderedRollout | undefined }[],
  end: number,
  toValue: (model: RenderedRollout | undefined) => T,
): Stage<T>[] {
  const stages: Stage<T>[] = [];
  for (const { time, deployed } of moments) {
    const value = toValue(deployed);
    const last = stages.at(-1);
    if (last !== undefined && JSON.stringify(last.value) === JSON.stringify(value)) continue;
    if (last !== undefined) stages[stages.length - 1] = { ...last, to: time };
    stages.push({ from: time, to: end, value });
  }
  return stages;
}
