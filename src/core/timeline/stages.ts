/** What held for how long. */
import type { Role } from '../change/change.ts';
import type { VersionStatus } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';

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
  const version = model?.rollout[role];
  if (model === undefined || version === undefined) return undefined;
  const observed = model.status?.status[role];
  const isOfVersion = observed?.name === version.name && observed.digest === model.digests[role];
  return { version: version.declared.version, state: isOfVersion ? observed.state : undefined };
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
