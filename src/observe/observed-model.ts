/**
 * A model as git declares it and the cluster shows it → its status, and when to look again.
 *
 * Invariant: pure. All memory goes in and comes out as a value, and the clock is an argument.
 */
import type { ModelStatus } from '../input/schema.ts';
import { toMirrorName } from '../manifests/routing.ts';
import type { FollowedService } from './freshness.ts';
import type { Recollection, ToldVersion } from './knowledge.ts';
import { recall } from './knowledge.ts';
import type { LiveRoute } from './live-object.ts';
import type { SeenVersion } from './service-state.ts';
import { computeSeenVersion } from './service-state.ts';
import type { Settled, Waiting } from './settle.ts';
import { settle } from './settle.ts';

/** What git declares of a model, as far as observing it needs. */
export interface DeclaredModel {
  readonly name: string;
  readonly namespace: string;
  /** The names of the InferenceServices. */
  readonly primary: string;
  readonly candidate: string | undefined;
}

/** The live objects by name; all of one namespace. */
export interface LiveView {
  /** Each state of an object must have passed through `follow`. */
  readonly service: (name: string) => FollowedService | undefined;
  readonly route: (name: string) => LiveRoute | undefined;
}

interface VersionMemory extends Recollection {
  readonly waiting: Waiting | undefined;
}

/** What must be remembered of a model from one look to the next, by the name of the InferenceService. */
export type ModelMemory = Readonly<Record<string, VersionMemory>>;

export interface Observation {
  readonly status: ModelStatus['status'];
  /** The versions as they are at this very moment, whatever is held back: primary, candidate. */
  readonly seen: readonly SeenVersion[];
  readonly memory: ModelMemory;
  /** When something that waits is due, in milliseconds of the clock; undefined: nothing waits. */
  readonly due: number | undefined;
  /** Whether what waits is a change that is only held back, so that waiting will bring it. */
  readonly isSettling: boolean;
}

/**
 * @param told the status as the file in git has it.
 * @param now milliseconds of a clock that only goes forward.
 */
export function observeModel(
  model: DeclaredModel,
  live: LiveView,
  told: ModelStatus['status'] | undefined,
  memory: ModelMemory,
  { now, settleMs }: { readonly now: number; readonly settleMs: number },
): Observation {
  const next: Record<string, VersionMemory> = {};
  const dues: number[] = [];
  let isSettling = false;
  const seenVersions: SeenVersion[] = [];
  const observe = (name: string): ToldVersion | undefined => {
    const before = memory[name];
    const service = live.service(name);
    const toldVersion = [told?.primary, told?.candidate].find((version) => version?.name === name);
    const known = service === undefined ? nothingKnown : recall(before, service, toldVersion);
    const seen = computeSeenVersion(name, service, known);
    const settled: Settled = settle(toldVersion, seen, before?.waiting, known.isTold, { now, settleMs });
    if (settled.due !== undefined) {
      dues.push(settled.due);
      if (settled.waiting?.change !== 'wording') isSettling = true;
    }
    const { uid, outdated, doubts } = known;
    next[name] = { uid, outdated, doubts, loaded: toLoaded(known, seen, settled), waiting: settled.waiting };
    seenVersions.push(seen);
    return settled.told;
  };
  const primary = observe(model.primary);
  const candidate = model.candidate === undefined ? undefined : observe(model.candidate);
  const mirror = observeMirror(model.name, live);
  return {
    status: {
      ...(primary === undefined ? {} : { primary }),
      ...(candidate === undefined ? {} : { candidate }),
      ...(mirror === undefined ? {} : { mirror }),
    },
    seen: seenVersions,
    memory: next,
    due: dues.length === 0 ? undefined : Math.min(...dues),
    isSettling,
  };
}

/** Of an InferenceService that is not there, git's word is as good as any. */
const nothingKnown = {
  uid: undefined,
  loaded: undefined,
  outdated: undefined,
  doubts: false,
  looked: false,
  wasLoaded: false,
  isTold: true,
};

/** What is known to be loaded from now on: a Ready once it is told, and until something worse is told. */
function toLoaded(known: Recollection, seen: SeenVersion, { due }: Settled): string | undefined {
  if (due !== undefined) return known.loaded;
  if (seen.state === 'Ready') return seen.loaded;
  return isFinal(seen) ? undefined : known.loaded;
}

function isFinal({ state }: SeenVersion): boolean {
  return state !== 'Pending' && state !== 'Loading';
}

/** What the live VirtualServices do: hop 1 copies a share, hop 2 leads the copies to a version. */
function observeMirror(model: string, live: LiveView): ModelStatus['status']['mirror'] {
  const percentage = live.route(model)?.percentage ?? 0;
  const to = live.route(toMirrorName(model))?.to;
  return percentage === 0 || to === undefined ? undefined : { to, percentage };
}
