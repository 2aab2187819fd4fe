/** What held for how long. */
import type { ModelStatus, VersionStatus } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { DecidedVersion } from '../rollout/decided.ts';

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

/** A mirror that is open. */
export interface OpenMirror {
  /** The candidate's version. */
  readonly version: string;
  /** The share of requests that is mirrored. */
  readonly percentage: number;
}

/** What the model file declares, with the state of it that the status file reports. */
export function toStageVersion(decided: DecidedVersion, { status }: RenderedRollout): StageVersion {
  return { version: decided.version.declared.version, state: findStatus(decided, status)?.state };
}

export function toCandidates(model: RenderedRollout | undefined): StageVersion[] {
  return model?.candidates.map((candidate) => toStageVersion(candidate, model)) ?? [];
}

export function toOpenMirrors(model: RenderedRollout | undefined): OpenMirror[] {
  const open = model?.candidates.filter(({ mirror }) => mirror.percentage > 0) ?? [];
  return open.map(({ version, mirror }) => ({
    version: version.declared.version,
    percentage: mirror.percentage,
  }));
}

/** What a status file reports of exactly this version, by name and digest. */
export function findStatus(
  { version: { name, role }, digest }: DecidedVersion,
  status: ModelStatus | undefined,
): VersionStatus | undefined {
  const { primary, candidates = [] } = status?.status ?? {};
  const reported = role === 'candidate' ? candidates : primary === undefined ? [] : [primary];
  return reported.find((one) => one.name === name && one.digest === digest);
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
