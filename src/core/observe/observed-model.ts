/**
 * A model as git declares it and the cluster shows it → its status, and when to observe it again.
 *
 * Invariant: pure. All memory goes in and comes out as a value, and the clock is an argument.
 */
import { omitUndefined } from '../input/plain-value.ts';
import type { ModelStatus, VersionStatus } from '../input/schema.ts';
import { router } from '../routing/routers.ts';
import type { FollowedService } from './freshness.ts';
import type { LiveRoute } from './live-object.ts';
import { toKey } from './live-object.ts';
import { computeObserved } from './service-state.ts';
import type { Settled, SettleOptions, Wait } from './settle.ts';
import { settle } from './settle.ts';
import type { ServiceMemory, Trust } from './trust.ts';
import { assessTrust } from './trust.ts';

/** What git declares of a model, as far as observing it needs. */
export interface DeclaredModel {
  readonly name: string;
  readonly namespace: string;
  /** The names of the InferenceServices. */
  readonly primary: string;
  readonly candidate: string | undefined;
}

/** By `namespace/name`. */
export interface LiveObjects {
  /** Each state of an object must have passed through `follow`. */
  readonly services: ReadonlyMap<string, FollowedService>;
  readonly routes: ReadonlyMap<string, LiveRoute>;
}

interface VersionMemory extends ServiceMemory {
  readonly wait: Wait | undefined;
}

/** What must be remembered of a model from one observation to the next, by the name of the InferenceService. */
export type ModelMemory = Readonly<Record<string, VersionMemory>>;

export interface Observation {
  /** What is to be recorded now. */
  readonly status: ModelStatus['status'];
  readonly memory: ModelMemory;
  /** When something that is held back is due, in milliseconds of the clock; undefined: nothing is. */
  readonly due: number | undefined;
  /** Whether a change is held back that time alone will bring. */
  readonly isSettling: boolean;
}

/** @param recorded the status as the file in git has it. */
export function observeModel(
  model: DeclaredModel,
  live: LiveObjects,
  recorded: ModelStatus['status'] | undefined,
  memory: ModelMemory,
  options: SettleOptions,
): Observation {
  const { namespace } = model;
  const observe = (name: string) => {
    const version = [recorded?.primary, recorded?.candidate].find((one) => one?.name === name);
    return observeVersion(name, live.services.get(toKey({ namespace, name })), version, memory[name], options);
  };
  const primary = observe(model.primary);
  const candidate = model.candidate === undefined ? undefined : observe(model.candidate);
  const versions = candidate === undefined ? [primary] : [primary, candidate];
  const dues = versions.flatMap(({ due }) => due ?? []);
  return {
    status: omitUndefined({
      primary: primary.status,
      candidate: candidate?.status,
      mirror: observeMirror(model, live),
    }),
    memory: Object.fromEntries(versions.map(({ name, memory: next }) => [name, next])),
    due: dues.length === 0 ? undefined : Math.min(...dues),
    isSettling: versions.some(({ due, wait }) => due !== undefined && wait?.change !== 'wording'),
  };
}

function observeVersion(
  name: string,
  service: FollowedService | undefined,
  recorded: VersionStatus | undefined,
  before: VersionMemory | undefined,
  options: SettleOptions,
): Settled & { readonly name: string; readonly memory: VersionMemory } {
  const trust = assessTrust(before, service, recorded);
  const observed = computeObserved(name, service, trust);
  const settled = settle(recorded, trust.isRecorded, observed, before?.wait, options);
  const { uid, outdated, isDoubted } = trust;
  const loaded = toLoaded(trust, observed.status, settled);
  return { name, ...settled, memory: { uid, outdated, isDoubted, loaded, wait: settled.wait } };
}

/** What is known to be loaded from now on: a Ready once it is recorded, and until something worse is. */
function toLoaded({ loaded }: Trust, { state, loaded: observed }: VersionStatus, { due }: Settled): string | undefined {
  if (due !== undefined || state === 'Pending' || state === 'Loading') return loaded;
  return state === 'Ready' ? observed : undefined;
}

/** What the live routes do: hop 1 mirrors a share of the requests, hop 2 routes the copies to a version. */
function observeMirror({ namespace, name }: DeclaredModel, { routes }: LiveObjects): ModelStatus['status']['mirror'] {
  const percentage = routes.get(toKey({ namespace, name }))?.percentage ?? 0;
  const to = routes.get(toKey({ namespace, name: router.toMirrorName(name) }))?.to;
  return percentage === 0 || to === undefined ? undefined : { to, percentage };
}
