/**
 * A model as git declares it and the cluster shows it → its status, and when to observe it again.
 *
 * Invariant: pure. All memory goes in and comes out as a value, and the clock is an argument.
 */
import type { CandidateStatus, ModelStatus, VersionStatus } from '../input/schema.ts';
import { routers } from '../routing/routers.ts';
import type { LiveWorkload } from '../serving/workload.ts';
import type { FollowedService } from './freshness.ts';
import { joinWorkloads } from './freshness.ts';
import type { Evidence, JudgeMemory, Judgement } from './judged-candidate.ts';
import { judgeCandidate } from './judged-candidate.ts';
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
  readonly candidates: readonly string[];
}

/** By `namespace/name`. */
export interface LiveObjects {
  /** Each state of an object must have passed through `follow`. */
  readonly services: ReadonlyMap<string, FollowedService>;
  readonly routes: ReadonlyMap<string, LiveRoute>;
  /** By the InferenceService that they name. */
  readonly workloads: ReadonlyMap<string, readonly LiveWorkload[]>;
  /** Absent: nobody looks at what the comparer counts. */
  readonly evidence?: Evidence | undefined;
}

interface VersionMemory extends ServiceMemory {
  readonly wait: Wait | undefined;
  /** Of a candidate. */
  readonly judged?: JudgeMemory | undefined;
  /** Of a candidate: what was to be recorded of it. */
  readonly judgement?: Judgement | undefined;
}

/** What must be remembered of a model from one observation to the next, by the name of the InferenceService. */
export type ModelMemory = Readonly<Record<string, VersionMemory>>;

/** How often a model that is judged is looked at although nothing happens. */
const lookAgainMs = 30_000;

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
  const observe = (name: string, service: FollowedService | undefined) =>
    observeVersion(name, join(service, live), findRecorded(recorded, name), memory[name], options);
  const declared = (name: string) => observe(name, live.services.get(toKey({ namespace: model.namespace, name })));
  const primary = declared(model.primary);
  const mirror = observeMirror(model, live);
  const isStray = mirror !== undefined && !model.candidates.includes(mirror.to);
  const candidates = [
    ...model.candidates.map(declared),
    ...(isStray ? [observe(mirror.to, findOwn(mirror.to, model, live))] : []),
  ];
  const key = toKey(model);
  const task = live.routes.get(key)?.task;
  const { evidence } = live;
  const judged = candidates.map(({ name, status }) => {
    // A file that is gone or cannot be read takes no verdict with it: that would open a mirror.
    const known = recorded === undefined ? memory[name]?.judgement : findCandidate(recorded, name);
    return judgeCandidate({ name, digest: status?.digest }, known ?? {}, memory[name]?.judged, { task, key, evidence });
  });
  const versions = [primary, ...candidates];
  const dues = [
    ...versions.flatMap(({ due }) => due ?? []),
    // Time alone can show that nothing arrives, and brings the next moment to look at what was counted.
    ...(task === undefined || evidence === undefined ? [] : [options.now + lookAgainMs]),
  ];
  return {
    status: {
      ...(primary.status && { primary: primary.status }),
      candidates: candidates.flatMap(({ name, status }, i) => toCandidate(name, status, mirror, judged[i]?.judgement)),
    },
    memory: Object.fromEntries([
      [primary.name, primary.memory],
      ...candidates.map(({ name, memory: next }, i) => {
        const { memory: own, judgement } = judged[i] ?? {};
        return [name, { ...next, judged: own, judgement }] as const;
      }),
    ]),
    due: dues.length === 0 ? undefined : Math.min(...dues),
    isSettling: versions.some(({ due, wait }) => due !== undefined && wait?.change !== 'wording'),
  };
}

function join(service: FollowedService | undefined, { workloads }: LiveObjects): FollowedService | undefined {
  return service && joinWorkloads(service, workloads.get(toKey(service)));
}

/** What the file in git has of a version, without its mirror. */
function findRecorded(recorded: ModelStatus['status'] | undefined, name: string): VersionStatus | undefined {
  if (recorded?.primary?.name === name) return recorded.primary;
  const {
    mirror: _,
    attempt: __,
    passed: ___,
    verdict: ____,
    ...version
  } = recorded === undefined ? {} : (findCandidate(recorded, name) ?? {});
  return 'name' in version ? version : undefined;
}

function findCandidate({ candidates }: ModelStatus['status'], name: string): CandidateStatus | undefined {
  return candidates.find((one) => one.name === name);
}

/** An InferenceService that is not declared, if it is labelled as this model's: only then its events lead here. */
function findOwn(name: string, model: DeclaredModel, { services }: LiveObjects): FollowedService | undefined {
  const service = services.get(toKey({ namespace: model.namespace, name }));
  return service?.model === model.name ? service : undefined;
}

/** A live mirror shows even while the state of what it leads to is held back. */
function toCandidate(
  name: string,
  status: VersionStatus | undefined,
  mirror: LiveMirror | undefined,
  judgement: Judgement | undefined,
): CandidateStatus[] {
  if (mirror?.to !== name) return status === undefined ? [] : [{ ...status, ...judgement }];
  return [{ ...(status ?? { name, state: 'Missing' }), mirror: { percentage: mirror.percentage }, ...judgement }];
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

interface LiveMirror {
  readonly to: string;
  readonly percentage: number;
}

/** What the live routes do: hop 1 mirrors a share of the requests, hop 2 routes the copies to a version. */
function observeMirror({ namespace, name }: DeclaredModel, { routes }: LiveObjects): LiveMirror | undefined {
  const percentage = routes.get(toKey({ namespace, name }))?.percentage ?? 0;
  const mirrors = routers.map(({ toMirrorName }) => routes.get(toKey({ namespace, name: toMirrorName(name) })));
  const to = mirrors.find((route) => route !== undefined)?.to;
  return percentage === 0 || to === undefined ? undefined : { to, percentage };
}
