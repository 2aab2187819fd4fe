/** The candidates of a model, each from its declaration to its end. */
import { findLocation } from '../input/model-storage.ts';
import type { ModelVersion } from '../input/schema.ts';
import type { RenderedRollout } from '../render/decide-model.ts';
import type { Moment } from './points.ts';
import { toPercentage, toStages, toStageVersion } from './stages.ts';

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

/** @param end the present, in seconds since 1970. */
export function findTrials(moments: readonly Moment[], end: number): Trial[] {
  const trials: Trial[] = [];
  let open: Moment[] = [];
  let current: string | undefined;
  const close = (to: number, outcome: Trial['outcome']) => {
    if (open.length > 0) trials.push(toTrial(open, to, outcome));
    open = [];
  };
  for (const moment of moments) {
    const [candidate] = moment.deployed?.rollout.candidates ?? [];
    const next = candidate && toIdentity(candidate.declared);
    if (next !== current) close(moment.time, toOutcome(current, moment.deployed, next));
    current = next;
    if (next !== undefined) open.push(moment);
  }
  close(end, 'running');
  return trials;
}

/** A trial is of one version at one place. */
function toIdentity(declared: ModelVersion): string {
  return JSON.stringify([declared.version, findLocation(declared)]);
}

function toOutcome(
  ended: string | undefined,
  model: RenderedRollout | undefined,
  next: string | undefined,
): Trial['outcome'] {
  if (model === undefined) return 'removed';
  if (toIdentity(model.rollout.primary.declared) === ended) return 'promoted';
  return next === undefined ? 'discarded' : 'replaced';
}

function toTrial(moments: readonly Moment[], to: number, outcome: Trial['outcome']): Trial {
  const [first] = moments;
  const declared = first?.deployed?.rollout.candidates[0]?.declared;
  const from = first?.time ?? to;
  const toState = (model: RenderedRollout | undefined) => toStageVersion(model, 'candidate')?.state;
  const ready = toStages(moments, to, toState).find(({ value }) => value === 'Ready');
  const failed = moments.findLast(({ deployed }) => toState(deployed) === 'Failed')?.deployed;
  const seconds = new Map<number, number>();
  for (const { value, ...stage } of toStages(moments, to, toPercentage))
    if (value > 0) seconds.set(value, (seconds.get(value) ?? 0) + stage.to - stage.from);
  return {
    version: declared?.version ?? '',
    storageUri: declared?.storageUri,
    by: first?.point.commit.author,
    from,
    to,
    readyAfter: ready && ready.from - from,
    failure: failed && (failed.status?.status.candidates[0]?.reason ?? 'Failed'),
    mirrored: [...seconds].map(([percentage, sum]) => ({ percentage, seconds: sum })),
    outcome,
  };
}
