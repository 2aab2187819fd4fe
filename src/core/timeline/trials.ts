/** The candidates of a model, each from its declaration to its end. */
import { findLocation } from '../input/model-storage.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { DecidedVersion } from '../rollout/decided.ts';
import type { Moment } from './points.ts';
import { findStatus, toStages } from './stages.ts';

export interface Trial {
  readonly version: string;
  readonly storageUri: string | undefined;
  /** Undefined: it may be older than the clone, so its durations are minimums. */
  readonly by: string | undefined;
  readonly from: number;
  readonly to: number;
  /** Seconds until it was first observed to be Ready; undefined: never. */
  readonly readyAfter: number | undefined;
  /** The reason of its last failure. */
  readonly failure: string | undefined;
  /** Seconds for which git had its mirror open, by percentage. */
  readonly mirrored: readonly { readonly percentage: number; readonly seconds: number }[];
  readonly outcome: 'promoted' | 'discarded' | 'replaced' | 'removed' | 'running';
}

/** By their beginning. @param end the present, in seconds since 1970. */
export function findTrials(moments: readonly Moment[], end: number): Trial[] {
  const trials: Trial[] = [];
  const open = new Map<string, Moment[]>();
  for (const moment of moments) {
    const { deployed, time } = moment;
    const present = new Set(deployed?.candidates.map(toIdentity));
    const isReplaced = [...present].some((identity) => !open.has(identity));
    for (const [identity, own] of open) {
      if (present.has(identity)) continue;
      trials.push(toTrial(identity, own, time, toOutcome(identity, deployed, isReplaced)));
      open.delete(identity);
    }
    for (const identity of present) {
      const own = open.get(identity);
      if (own === undefined) open.set(identity, [moment]);
      else own.push(moment);
    }
  }
  for (const [identity, own] of open) trials.push(toTrial(identity, own, end, 'running'));
  return trials.sort((a, b) => a.from - b.from);
}

/** A trial is of one version at one location. */
function toIdentity({ version: { declared } }: DecidedVersion): string {
  return JSON.stringify([declared.version, findLocation(declared)]);
}

function toOutcome(identity: string, model: RenderedRollout | undefined, isReplaced: boolean): Trial['outcome'] {
  if (model === undefined) return 'removed';
  if (toIdentity(model.primary) === identity) return 'promoted';
  return isReplaced ? 'replaced' : 'discarded';
}

function toTrial(identity: string, moments: readonly Moment[], to: number, outcome: Trial['outcome']): Trial {
  const [first] = moments;
  const from = first?.time ?? to;
  const find = (model: RenderedRollout | undefined) =>
    model?.candidates.find((candidate) => toIdentity(candidate) === identity);
  const toStatus = (model: RenderedRollout | undefined) => {
    const candidate = find(model);
    return candidate && findStatus(candidate, model?.status);
  };
  const declared = find(first?.deployed)?.version.declared;
  const ready = toStages(moments, to, (model) => toStatus(model)?.state).find(({ value }) => value === 'Ready');
  const failed = moments.findLast(({ deployed }) => toStatus(deployed)?.state === 'Failed')?.deployed;
  const seconds = new Map<number, number>();
  for (const { value, ...stage } of toStages(moments, to, (model) => find(model)?.mirror.percentage ?? 0))
    if (value > 0) seconds.set(value, (seconds.get(value) ?? 0) + stage.to - stage.from);
  return {
    version: declared?.version ?? '',
    storageUri: declared?.storageUri,
    by: first?.point.commit.author,
    from,
    to,
    readyAfter: ready && ready.from - from,
    failure: failed && (toStatus(failed)?.reason ?? 'Failed'),
    mirrored: [...seconds].map(([percentage, sum]) => ({ percentage, seconds: sum })),
    outcome,
  };
}
