/**
 * A small model of what surrounds the watcher: a repository with one candidate, Argo CD, an API server, the
 * controller of modelmesh-serving, ModelMesh and its Pods. It says nothing about time that a machine takes:
 * its clock is virtual, and all chance comes from a seed.
 *
 * It follows what the real controller was seen to write (fixtures/recordings/modelmesh): which statuses there
 * are, when one is written, and above all when none is. The decisions under test are the product's own, and
 * the model knows nothing of how they are made: it knows what its server has loaded.
 */

import type { FollowedService } from '../../../src/core/observe/freshness.ts';
import { follow } from '../../../src/core/observe/freshness.ts';
import { toLiveService } from '../../../src/core/observe/live-object.ts';
import type { ModelMemory } from '../../../src/core/observe/observed-model.ts';
import { observeModel } from '../../../src/core/observe/observed-model.ts';
import type { MirrorReason } from '../../../src/core/rollout/gate.ts';
import { computeMirror, noMirror } from '../../../src/core/rollout/gate.ts';
import { computeDigest, computeLoaded } from '../../../src/core/serving/digest.ts';
import type { DigestedVersion } from '../../../src/core/serving/digest-upgrade.ts';
import { upgradeStatus } from '../../../src/core/serving/digest-upgrade.ts';
import { modes } from '../../../src/core/serving/modes.ts';

/** What a person can declare of the candidate. `env` is ignored by ModelMesh; the rest determines what it loads. */
export interface Candidate {
  readonly uri: 'good-1' | 'good-2' | 'broken' | 'nobody-serves-this';
  readonly secretKey: 'none' | 'right' | 'wrong';
  readonly env: 'a' | 'b';
}

type Outcome = 'loads' | 'fails' | 'no-runtime';

type Reported = Parameters<typeof observeModel>[2];

/** What KServe writes, as the last write left it. */
interface Report {
  readonly ready: 'True' | 'False';
  readonly transition: string;
  readonly active: string;
  readonly target: string;
  readonly reason: string;
  /** When, in milliseconds of the simulation; also on managedFields. */
  readonly at: number;
}

interface LiveCandidate {
  readonly uid: string;
  readonly createdAt: number;
  generation: number;
  is: Candidate;
  /** The digest that Argo CD applied; a hand on the cluster leaves it. */
  digest: string;
  specAt: number;
  report: Report | undefined;
}

interface Registered {
  readonly key: string;
  readonly outcome: Outcome;
  state: 'Standby' | 'Loading' | 'Loaded' | 'FailedToLoad';
}

export const settleMs = 5_000;
const batchMs = 500;
const name = 'wisdom-1';
const serviceKey = `models/${name}`;
const unhealthy = 'RuntimeUnhealthy';

/** What ModelMesh loads by: the model's own words for it, so that a digest of the product proves nothing here. */
export function toKey({ uri, secretKey }: Candidate): string {
  return `${uri} ${secretKey}`;
}

function toOutcome({ uri, secretKey }: Candidate): Outcome {
  if (uri === 'nobody-serves-this') return 'no-runtime';
  return uri === 'broken' || secretKey === 'wrong' ? 'fails' : 'loads';
}

const metadataOf = ({ secretKey }: Candidate) => ({
  annotations: secretKey === 'none' ? {} : { 'serving.kserve.io/secretKey': secretKey },
});

const specOf = ({ uri, env }: Candidate) => ({
  predictor: {
    model: {
      modelFormat: { name: uri === 'nobody-serves-this' ? 'unheard-of' : 'sklearn' },
      storageUri: `s3://models/${uri}`,
      env: [{ name: 'MODE', value: env }],
    },
  },
});

const versions = new Map<string, DigestedVersion>();
/** What the plugin renders it with. */
function toVersion(candidate: Candidate): DigestedVersion {
  const key = `${toKey(candidate)} ${candidate.env}`;
  const known = versions.get(key);
  if (known !== undefined) return known;
  const service = { spec: specOf(candidate), metadata: metadataOf(candidate) };
  const version = {
    version: { name },
    digest: computeDigest(service, modes[0]),
    loaded: computeLoaded(service, modes[0]),
  };
  versions.set(key, version);
  return version;
}

const times: string[] = [];
/** The API server's times are whole seconds. */
function toTime(ms: number): string {
  const second = Math.floor(ms / 1000);
  times[second] ??= new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().replace('.000', '');
  return times[second];
}

/** Mulberry32: small, and the same everywhere. */
export function toRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A mirror that opened to what was never loaded, or stays open to what is gone. */
export class WrongOpening extends Error {}

export class Simulation {
  readonly trace: string[] = [];
  /** Keys of all that the server has ever loaded. */
  readonly everLoaded = new Set<string>();
  /** Keys that the status file has had as Ready. */
  readonly everRecorded = new Set<string>();
  /** Key that the status file has had as Ready for this object, with nothing else having happened to it since. */
  recorded: string | undefined;
  watcherWasAway = false;
  /** Whether KServe has written a status after everything else had happened. */
  isRewritten = false;

  readonly #random: () => number;
  readonly #isTraced: boolean;
  #now = 0;
  #queue: { readonly at: number; readonly run: () => void }[] = [];

  // The repository.
  declared: Candidate | undefined;
  #reported: Reported = { primary: { name: 'wisdom-0', state: 'Missing' }, candidates: [] };

  // The cluster.
  live: LiveCandidate | undefined;
  #uids = 0;
  #mirrorIsOpen = false;
  #syncIsPlanned = false;

  // ModelMesh: Pods, and what is registered for the candidate's name.
  hasPods = true;
  active: Registered | undefined;
  target: Registered | undefined;

  #controllerIsUp = true;
  #reconcileIsPlanned = false;

  // The watcher.
  #watcherIsUp = true;
  #watcherRun = 0;
  #lastDelivery = 0;
  readonly #services = new Map<string, FollowedService>();
  #memory: ModelMemory = {};
  #pushIsPlanned = false;
  /** What the next commit is to say, by the last look. */
  #next: Reported;
  #nextLook = Number.POSITIVE_INFINITY;

  /** @param isTraced whether `trace` is kept: what happened, a line each. */
  constructor(random: () => number, isTraced = false) {
    this.#random = random;
    this.#isTraced = isTraced;
  }

  /** The state that the status file has. */
  get state(): string | undefined {
    return this.#reported?.candidates[0]?.state;
  }

  /** Whether ModelMesh waits for a call to load what it had loaded, and KServe says so. */
  get isLimbo(): boolean {
    return this.active?.state === 'Standby' && this.target === undefined && this.live?.report?.reason === unhealthy;
  }

  /**
   * Whether what the watcher saw, or the API server's record, can show that the status is for what is
   * live. A watcher that was away while only what ModelMesh ignores has changed cannot know it, and KServe
   * writes nothing then until something else happens.
   */
  get isProvable(): boolean {
    return this.isRewritten || !this.watcherWasAway;
  }

  /** Lets time pass, in milliseconds. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      let next = -1;
      for (let i = 0; i < this.#queue.length; i++)
        if (next < 0 || (this.#queue[i]?.at ?? 0) < (this.#queue[next]?.at ?? 0)) next = i;
      const event = next < 0 ? undefined : this.#queue[next];
      if (event === undefined || event.at > end) break;
      this.#queue.splice(next, 1);
      this.#now = Math.max(this.#now, event.at);
      event.run();
    }
    this.#now = end;
  }

  // ── what people do ──

  declare(candidate: Candidate | undefined): void {
    this.#say(`a person commits ${candidate === undefined ? 'no candidate' : JSON.stringify(candidate)}`);
    this.declared = candidate;
    this.#checkGate();
    this.#planSync();
    this.#look();
  }

  /** Somebody edits the live object; Argo CD puts it back later. */
  editByHand(candidate: Candidate): void {
    if (this.live === undefined) return;
    this.#say(`somebody edits the live object: ${JSON.stringify(candidate)}`);
    this.#write(candidate, this.live.digest);
    this.#planSync();
  }

  /** A request to the candidate: a copy, or a person's. */
  call(): void {
    if (this.hasPods && this.active?.state === 'Standby') this.#load(this.active);
  }

  // ── what happens to the parts ──

  stopController(): void {
    this.#say('the controller goes');
    this.#controllerIsUp = false;
  }

  startController(): void {
    if (!this.#controllerIsUp) this.#say('the controller comes');
    this.#controllerIsUp = true;
    this.#planReconcile();
  }

  /** All Pods of the runtime die. Nobody writes anything. */
  killPods(): void {
    this.#say('all Pods die');
    this.hasPods = false;
    for (const model of [this.active, this.target])
      if (model?.state === 'Loaded' || model?.state === 'Loading') model.state = 'Standby';
  }

  startPods(): void {
    if (this.hasPods) return;
    this.#say('a Pod comes');
    this.hasPods = true;
    if (this.target?.state === 'Standby') this.#load(this.target);
    // What was loading when its Pod died is loaded elsewhere; what was loaded waits for a call.
    if (this.active?.state === 'Standby' && !this.everLoaded.has(this.active.key)) this.#load(this.active);
  }

  /** One of several Pods dies: for some seconds the model loads again in another one. */
  killOnePod(): void {
    if (!this.hasPods || this.active?.state !== 'Loaded') return;
    this.#say('one of the Pods dies');
    this.#load(this.active);
    this.#planReconcile();
  }

  /** ModelMesh forgets a failure after some minutes, and tries again. */
  retryFailure(): void {
    const failed = [this.target, this.active].find((model) => model?.state === 'FailedToLoad');
    if (!this.hasPods || failed === undefined || failed.outcome === 'no-runtime') return;
    this.#say('ModelMesh tries again');
    this.#load(failed);
    this.#planReconcile();
  }

  stopWatcher(): void {
    this.#say('the watcher goes');
    this.#watcherIsUp = false;
    this.watcherWasAway = true;
  }

  startWatcher(): void {
    if (this.#watcherIsUp) return;
    this.#say('the watcher comes');
    this.#watcherIsUp = true;
    this.#watcherRun++;
    this.#pushIsPlanned = false;
    this.#memory = {};
    this.#next = undefined;
    this.#nextLook = Number.POSITIVE_INFINITY;
    this.#services.clear();
    this.#see();
  }

  // ── Argo CD and the API server ──

  #planSync(): void {
    if (this.#syncIsPlanned) return;
    this.#syncIsPlanned = true;
    this.#after(this.#between(100, this.#random() < 0.1 ? 60_000 : 4_000), () => {
      this.#syncIsPlanned = false;
      this.#sync();
    });
  }

  #sync(): void {
    const { declared } = this;
    this.#mirrorIsOpen = this.#isOpen();
    if (declared === undefined) {
      if (this.live === undefined) return;
      this.#say('Argo CD removes the candidate');
      this.live = undefined;
      this.recorded = undefined;
      // The controller has no finalizer: ModelMesh hears of it when the controller is there.
      this.#planReconcile();
      this.#send();
    } else if (this.live === undefined) {
      this.#say('Argo CD creates the candidate');
      this.#uids++;
      this.recorded = undefined;
      this.live = {
        uid: `uid-${this.#uids}`,
        createdAt: this.#now,
        generation: 1,
        is: declared,
        digest: toVersion(declared).digest,
        specAt: this.#now,
        report: undefined,
      };
      this.#planReconcile();
      this.#send();
    } else this.#write(declared, toVersion(declared).digest);
    if (this.#mirrorIsOpen) this.call();
  }

  #write(candidate: Candidate, digest: string): void {
    const { live } = this;
    if (live === undefined) return;
    const { is } = live;
    const specIsOther = is.uri !== candidate.uri || is.env !== candidate.env;
    if (!specIsOther && is.secretKey === candidate.secretKey && live.digest === digest) return;
    this.#say(`the live object is ${JSON.stringify(candidate)} now`);
    if (toKey(is) !== toKey(candidate)) this.recorded = undefined;
    if (specIsOther) live.generation++;
    live.is = candidate;
    live.digest = digest;
    live.specAt = this.#now;
    this.#planReconcile();
    this.#send();
  }

  /** The watch brings each state of the object, a little later, in their order, to the watcher that runs then. */
  #send(): void {
    if (!this.#watcherIsUp) return;
    const run = this.#watcherRun;
    const object = this.#toObject();
    this.#lastDelivery = Math.max(this.#lastDelivery + 1, this.#now + this.#between(5, 300));
    this.#after(this.#lastDelivery - this.#now, () => {
      if (this.#watcherIsUp && run === this.#watcherRun) this.#see(object);
    });
  }

  #toObject(): object | undefined {
    const { live } = this;
    if (live === undefined) return undefined;
    const { uid, generation, is, digest, report, createdAt, specAt } = live;
    const { annotations } = metadataOf(is);
    const owned = Object.fromEntries(Object.keys(annotations).map((key) => [`f:${key}`, {}]));
    const spec = {
      operation: 'Apply',
      time: toTime(specAt),
      fieldsV1: { 'f:metadata': { 'f:annotations': owned }, 'f:spec': {} },
    };
    const status = report && { operation: 'Update', subresource: 'status', time: toTime(report.at), fieldsV1: {} };
    return {
      metadata: {
        name,
        namespace: 'models',
        uid,
        generation,
        creationTimestamp: toTime(createdAt),
        labels: { 'app.kubernetes.io/name': 'wisdom' },
        annotations: { ...annotations, 'model-mirror.dev/digest': digest },
        managedFields: status === undefined ? [spec] : [spec, status],
      },
      spec: specOf(is),
      ...(report === undefined ? {} : { status: toStatus(report) }),
    };
  }

  // ── the controller of modelmesh-serving ──

  #planReconcile(inMs = this.#between(20, 1_500)): void {
    if (this.#reconcileIsPlanned) return;
    this.#reconcileIsPlanned = true;
    this.#after(inMs, () => {
      this.#reconcileIsPlanned = false;
      if (this.#controllerIsUp) this.#reconcile();
    });
  }

  #reconcile(): void {
    const { live } = this;
    if (live === undefined) {
      if (this.hasPods) {
        this.active = undefined;
        this.target = undefined;
      }
      return;
    }
    const before = live.report;
    if (!this.hasPods) {
      // Without an address it asks nobody: the rest of the status stays what it was.
      this.#report(
        before === undefined
          ? { ready: 'False', transition: '', active: 'Pending', target: '', reason: unhealthy }
          : { ...before, reason: unhealthy },
      );
      this.#planReconcile(3_000);
      return;
    }
    this.#register(toKey(live.is), toOutcome(live.is));
    const { active, target } = this;
    if (active === undefined) return;
    const wasUnhealthy = before?.reason === unhealthy || before?.transition === '';
    const waits = active.state === 'Standby' || (active.state === 'Loading' && !this.everLoaded.has(active.key));
    const isUnhealthy = wasUnhealthy && waits;
    const failed = target?.state === 'FailedToLoad' ? target : active.state === 'FailedToLoad' ? active : undefined;
    const isBlocked = target?.state === 'FailedToLoad' && target.outcome !== 'no-runtime';
    this.#report({
      ready: isUnhealthy || (target === undefined && failed !== undefined) ? 'False' : 'True',
      transition: target === undefined ? 'UpToDate' : isBlocked ? 'BlockedByFailedLoad' : 'InProgress',
      active: active.state,
      // A format that nobody serves is in progress for ever.
      target: target === undefined ? '' : isBlocked ? 'FailedToLoad' : 'Loading',
      reason: isUnhealthy
        ? unhealthy
        : isBlocked || (target === undefined && failed?.outcome === 'fails')
          ? 'ModelLoadFailed'
          : target === undefined && failed !== undefined
            ? 'RuntimeNotRecognized'
            : '',
    });
    if (isUnhealthy) this.#planReconcile(3_000);
  }

  /** SetVModel: what is wanted for the name. */
  #register(key: string, outcome: Outcome): void {
    const { active, target } = this;
    if (active?.key === key) {
      this.target = undefined;
      return;
    }
    if (target?.key === key) return;
    const wanted: Registered = { key, outcome, state: 'Standby' };
    if (active === undefined || active.state === 'FailedToLoad') {
      this.active = wanted;
      this.target = undefined;
    } else this.target = wanted;
    this.#load(wanted);
  }

  #load(model: Registered): void {
    model.state = 'Loading';
    const ms = model.outcome === 'no-runtime' ? 50 : this.#between(50, 8_000);
    this.#after(ms, () => {
      if (model.state !== 'Loading' || (model !== this.active && model !== this.target)) return;
      model.state = model.outcome === 'loads' ? 'Loaded' : 'FailedToLoad';
      if (model.outcome === 'loads') {
        this.everLoaded.add(model.key);
        if (model === this.target) {
          this.active = model;
          this.target = undefined;
        }
      } else if (model === this.active && this.target !== undefined) {
        // One that failed serves nobody: ModelMesh switches at once.
        this.active = this.target;
        this.target = undefined;
      }
      this.#say(`ModelMesh: ${model.key} ${model.state}`);
      this.#planReconcile();
    });
  }

  #report(said: Omit<Report, 'at'>): void {
    if (this.live === undefined) return;
    this.live.report = { ...said, at: this.#now };
    this.#say(`KServe writes ${said.ready} ${said.transition} ${said.active}/${said.target} ${said.reason}`);
    this.#send();
  }

  // ── the watcher ──

  /** @param object as the watch brings it; the object of now on a list. */
  #see(object = this.#toObject()): void {
    if (object === undefined) this.#services.delete(serviceKey);
    else this.#services.set(serviceKey, follow(this.#services.get(serviceKey), toLiveService(object)));
    this.#look();
    const run = this.#watcherRun;
    const uid = this.#services.get(serviceKey)?.uid;
    this.#after(2 * batchMs + 1, () => {
      if (this.#watcherIsUp && run === this.#watcherRun) this.#checkObject(uid);
    });
  }

  /** A Ready of an object that is gone is recorded no longer than a commit takes, whether people declare it again or not. */
  #checkObject(uid: string | undefined): void {
    const [recorded] = this.#reported?.candidates ?? [];
    if (this.#services.get(serviceKey)?.uid === uid && recorded?.state === 'Ready' && recorded.uid !== uid)
      throw new WrongOpening(`${recorded.uid} is recorded as Ready, but ${uid ?? 'nothing'} is there`);
  }

  #observe(): ReturnType<typeof observeModel> {
    const candidates = this.declared === undefined ? [] : [name];
    return observeModel(
      { name: 'wisdom', namespace: 'models', primary: 'wisdom-0', candidates },
      { services: this.#services, routes: new Map(), workloads: new Map() },
      this.#reported,
      this.#memory,
      { now: this.#now, settleMs },
    );
  }

  #look(): void {
    if (!this.#watcherIsUp) return;
    const { status, memory, due } = this.#observe();
    this.#memory = memory;
    this.#next = status;
    const run = this.#watcherRun;
    if (due !== undefined && (due < this.#nextLook || this.#nextLook <= this.#now)) {
      this.#nextLook = due;
      this.#after(Math.max(1, due - this.#now), () => {
        if (run !== this.#watcherRun) return;
        this.#nextLook = Number.POSITIVE_INFINITY;
        this.#look();
      });
    }
    if (this.#pushIsPlanned || JSON.stringify(status) === JSON.stringify(this.#reported)) return;
    this.#pushIsPlanned = true;
    this.#after(this.#between(batchMs, 2 * batchMs), () => {
      if (run !== this.#watcherRun || !this.#watcherIsUp) return;
      this.#pushIsPlanned = false;
      this.#push();
    });
  }

  #push(): void {
    const status = this.#next;
    if (status === undefined || JSON.stringify(status) === JSON.stringify(this.#reported)) return;
    this.#reported = status;
    const [candidate] = status.candidates;
    this.#say(
      `the watcher commits ${candidate === undefined ? 'no candidate' : `${candidate.state} ${candidate.digest}`}`,
    );
    if (
      candidate?.state === 'Ready' &&
      this.declared !== undefined &&
      candidate.digest === toVersion(this.declared).digest
    ) {
      this.everRecorded.add(toKey(this.declared));
      if (this.live !== undefined && toKey(this.live.is) === toKey(this.declared)) this.recorded = toKey(this.declared);
    } else if (candidate === undefined || candidate.state === 'Failed' || candidate.state === 'Missing')
      this.recorded = undefined;
    this.#checkGate();
    this.#planSync();
    this.#look();
  }

  #isOpen(): boolean {
    return this.#gate().percentage > 0;
  }

  #gate(): { readonly percentage: number; readonly reason: MirrorReason } {
    if (this.declared === undefined) return noMirror;
    const version = toVersion(this.declared);
    return computeMirror({
      candidate: { name, digest: version.digest },
      mirrorPercentage: 100,
      gate: 'Status',
      status: {
        apiVersion: 'model-mirror.dev/v1alpha1',
        kind: 'ModelStatus',
        metadata: { name: 'wisdom', namespace: 'models' },
        status: upgradeStatus(this.#reported ?? { candidates: [] }, [version], modes[0]),
      },
      assumeReady: false,
    });
  }

  /** After each commit: whatever git says now will be rendered. */
  #checkGate(): void {
    const { declared } = this;
    if (declared !== undefined && this.#isOpen() && !this.everLoaded.has(toKey(declared)))
      throw new WrongOpening(`the mirror opens to ${toKey(declared)}, which was never loaded`);
  }

  // ── the rest ──

  #after(ms: number, run: () => void): void {
    this.#queue.push({ at: this.#now + ms, run });
  }

  #between(from: number, to: number): number {
    return Math.floor(from + this.#random() * (to - from));
  }

  #say(what: string): void {
    if (this.#isTraced) this.trace.push(`${(this.#now / 1000).toFixed(3).padStart(8)} ${what}`);
  }
}

/** As KServe's API has it. */
function toStatus({ ready, transition, active, target, reason, at }: Report): object {
  const lastTransitionTime = toTime(at);
  return {
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime }],
    modelStatus: {
      transitionStatus: transition,
      states: { activeModelState: active, targetModelState: target },
      ...(reason === '' ? {} : { lastFailureInfo: { reason, time: lastTransitionTime } }),
    },
  };
}
