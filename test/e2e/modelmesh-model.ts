/**
 * What ModelMesh and its controller do about one InferenceService, event by event: pure.
 *
 * Only statuses that the real controller was seen to write come out of it (`fixtures/modelmesh/statuses.md`); where
 * an event would lead anywhere else, nobody knows what happens, and it throws `Unseen`.
 */
import type { Copies, Failure, ModelReport, Revision } from './kserve-status.ts';
import { isSameReport, toLoadFailure, toNoPods, toNoSupport, toUnrecognized, toWords } from './kserve-status.ts';

/** Those of ModelMesh in the namespace. `other`: none of the model's runtime, but of another. */
export type Pods = 'ready' | 'none' | 'other';

export type ModelEvent =
  /** @param isRecognized whether any runtime has this format and name. */
  | { readonly kind: 'spec'; readonly revision: Revision; readonly isRecognized: boolean }
  | { readonly kind: 'loaded' }
  /** @param inTwoWrites the failure is written before the state is. */
  | { readonly kind: 'failed'; readonly inTwoWrites: boolean }
  | { readonly kind: 'pods'; readonly pods: Pods }
  /** The controller's. */
  | { readonly kind: 'restart' }
  /** The first to a model that is not loaded loads it. */
  | { readonly kind: 'call' }
  /** Its failure is forgotten, after a quarter of an hour. */
  | { readonly kind: 'retry' }
  /** One of several Pods was killed, and another loads the model. */
  | { readonly kind: 'replaced' }
  /** What waits for a runtime is written again every three seconds. */
  | { readonly kind: 'repeat' };

interface Part {
  readonly revision: Revision;
  readonly state: 'Loaded' | 'Standby' | 'Loading' | 'FailedToLoad';
  readonly failure?: Failure;
}

export interface MeshModel {
  readonly pods: Pods;
  /** What the spec asks for, as far as the controller has seen. */
  readonly wish?: { readonly revision: Revision; readonly isRecognized: boolean };
  /** Whether ModelMesh was asked for it. */
  readonly isAsked: boolean;
  readonly active?: Part;
  readonly target?: Part;
  /** What the status says. */
  readonly written?: ModelReport;
}

export interface Step {
  readonly model: MeshModel;
  readonly writes: readonly ModelReport[];
}

/** What the real one would do here, nobody has seen. */
export class Unseen extends Error {}

const seen = new Set([
  'True UpToDate Loaded/""',
  'False UpToDate Standby/"" RuntimeUnhealthy',
  'True InProgress Loaded/Loading',
  'True UpToDate Loading/""',
  'True BlockedByFailedLoad Loaded/FailedToLoad ModelLoadFailed',
  'False UpToDate Loading/"" RuntimeUnhealthy',
  'False UpToDate FailedToLoad/"" ModelLoadFailed',
  'True UpToDate Loaded/"" RuntimeUnhealthy',
  'False InProgress Standby/Loading RuntimeUnhealthy',
  'True UpToDate Standby/""',
  'True InProgress Standby/Loading',
  'True InProgress Loaded/Loading ModelLoadFailed',
  'False UpToDate FailedToLoad/"" RuntimeNotRecognized',
  'True BlockedByFailedLoad Standby/FailedToLoad ModelLoadFailed',
  'True BlockedByFailedLoad Loading/FailedToLoad ModelLoadFailed',
  'False "" Pending/"" RuntimeUnhealthy',
]);

export function toNewModel(pods: Pods): MeshModel {
  return { pods, isAsked: true };
}

/** Which revision is loading and can come to an end; undefined: none. */
export function toLoading({ pods, wish, active, target }: MeshModel): Revision | undefined {
  if (pods !== 'ready') return undefined;
  if (target?.state === 'Loading') return wish?.isRecognized ? target.revision : undefined;
  return active?.state === 'Loading' ? active.revision : undefined;
}

/** @throws Unseen */
export function step(model: MeshModel, event: ModelEvent, at: Date): Step {
  const { model: next, writes } = advance(model, event, at);
  for (const report of writes)
    if (!seen.has(toWords(report))) throw new Unseen(`after ${event.kind}, ${toWords(report)} was never seen`);
  const written = writes.at(-1) ?? model.written;
  return { model: written === undefined ? next : { ...next, written }, writes };
}

function advance(model: MeshModel, event: ModelEvent, at: Date): Step {
  switch (event.kind) {
    case 'spec':
      return takeSpec(model, event, at);
    case 'loaded':
      return tell(endLoad(model, { state: 'Loaded' }));
    case 'failed':
      return fail(model, event.inTwoWrites, at);
    case 'pods':
      return changePods(model, event.pods, at);
    case 'restart':
      return restart(model, at);
    case 'call':
      return call(model);
    case 'retry':
      return retry(model);
    case 'replaced':
      return model.pods === 'ready' && model.active?.state === 'Loaded'
        ? tell({ ...model, active: { ...model.active, state: 'Loading' } })
        : nothing(model);
    case 'repeat': {
      const { written, pods } = model;
      const waits = written?.failure?.reason === 'RuntimeUnhealthy' && pods !== 'none' && model.isAsked;
      return waits ? { model, writes: [written] } : nothing(model);
    }
  }
}

function takeSpec(model: MeshModel, { revision, isRecognized }: NonNullable<MeshModel['wish']>, at: Date): Step {
  if (model.wish?.revision.name === revision.name) return nothing(model);
  const wish = { revision, isRecognized };
  // Without any endpoint the controller writes why, and leaves all else as it stands there.
  if (model.pods === 'none') return tellNoPods({ ...model, wish, isAsked: false });
  return ask({ ...model, wish }, at);
}

/** ModelMesh gets the spec. */
function ask(model: MeshModel, at: Date): Step {
  const { wish, active, target, ...rest } = model;
  if (wish === undefined) return nothing(model);
  const { revision, isRecognized } = wish;
  const asked = { ...rest, wish, isAsked: true };
  // What has never served, or failed, is replaced at once.
  if (active === undefined || active.state === 'FailedToLoad' || (active.state === 'Loading' && target === undefined)) {
    const part: Part = isRecognized
      ? { revision, state: 'Loading' }
      : { revision, state: 'FailedToLoad', failure: toUnrecognized(revision, at) };
    return tell({ ...asked, active: part }, at);
  }
  if (active.revision.name === revision.name) return tell({ ...asked, active }, at);
  const next = { ...asked, active, target: { revision, state: 'Loading' } as const };
  if (!isRecognized || model.pods === 'other') return tell(next, at);
  // The copy is counted a moment later.
  const [first] = tell(next, at, true).writes;
  const second = tell({ ...next, written: first ?? model.written } as MeshModel, at);
  return { model: second.model, writes: first === undefined ? second.writes : [first, ...second.writes] };
}

function fail(model: MeshModel, inTwoWrites: boolean, at: Date): Step {
  const loading = model.target?.state === 'Loading' ? model.target : model.active;
  if (loading === undefined) return nothing(model);
  const failure = toLoadFailure(loading.revision, at);
  const { model: next, writes } = tell(endLoad(model, { state: 'FailedToLoad', failure }));
  const { written } = model;
  if (!inTwoWrites || written?.target !== 'Loading' || written.active !== 'Loaded') return { model: next, writes };
  const [last] = writes;
  return { model: next, writes: [{ ...written, copies: last?.copies ?? written.copies, failure }, ...writes] };
}

function endLoad(model: MeshModel, end: Pick<Part, 'state' | 'failure'>): MeshModel {
  const { active, target, ...rest } = model;
  if (target?.state === 'Loading') {
    const part = { revision: target.revision, ...end };
    return end.state === 'Loaded' ? { ...rest, active: part } : { ...model, target: part };
  }
  return active?.state === 'Loading' ? { ...model, active: { revision: active.revision, ...end } } : model;
}

function changePods(model: MeshModel, pods: Pods, at: Date): Step {
  if (pods === model.pods) return nothing(model);
  const { active, target } = model;
  if (pods !== 'ready') {
    const isAtRest = active?.state !== 'Loading' && active?.state !== 'FailedToLoad' && target === undefined;
    if (model.pods === 'ready' && !isAtRest) throw new Unseen('its Pods die while it loads, or has failed');
    // Nothing is written: the controller hears of it only with its next event.
    const idle = active?.state === 'Loaded' ? { active: { ...active, state: 'Standby' as const } } : {};
    const lost = { ...model, pods, ...idle };
    return model.pods === 'none' ? reach(lost, at) : nothing(lost);
  }
  return model.pods === 'none' ? reach({ ...model, pods }, at) : nothing({ ...model, pods });
}

/** The controller, which waited for a Pod, finds one. */
function reach(model: MeshModel, at: Date): Step {
  if (!model.isAsked) return ask(model, at);
  return model.written?.failure?.reason === 'RuntimeUnhealthy' ? tell(model, at) : nothing(model);
}

function restart(model: MeshModel, at: Date): Step {
  if (model.wish === undefined) return nothing(model);
  if (model.pods === 'none') return tellNoPods(model);
  return model.isAsked ? tell(model, at) : ask(model, at);
}

function call(model: MeshModel): Step {
  const { pods, active, target } = model;
  const isLoaded = pods === 'ready' && active?.state === 'Standby' && target?.state !== 'Loading';
  return isLoaded ? tell({ ...model, active: { ...active, state: 'Loading' } }) : nothing(model);
}

function retry(model: MeshModel): Step {
  const { pods, active, target } = model;
  const isOver = pods === 'ready' && target === undefined && active?.failure?.reason === 'ModelLoadFailed';
  return isOver ? tell({ ...model, active: { revision: active.revision, state: 'Loading' } }) : nothing(model);
}

function nothing(model: MeshModel): Step {
  return { model, writes: [] };
}

function tellNoPods(model: MeshModel): Step {
  const { written, wish } = model;
  if (wish === undefined) return nothing(model);
  const initial = {
    isReady: false,
    transition: '',
    active: 'Pending',
    target: '',
    copies: { failedCopies: 0 },
  } as const;
  return put(model, { ...(written ?? initial), failure: toNoPods(wish.revision) });
}

/** What ModelMesh has is written, unless the status says so already. */
function tell(model: MeshModel, at?: Date, isUncounted = false): Step {
  const { active, target, pods, written } = model;
  if (active === undefined) return nothing(model);
  const failure = target?.failure ?? active.failure;
  const isWaiting = failure === undefined && active.state !== 'Loaded';
  const before = written?.failure?.reason === 'RuntimeUnhealthy' ? written.failure : undefined;
  const isUnsupported = pods === 'other' && active.state === 'Loading' && at !== undefined;
  // Until it is loaded, the status of its runtime stays.
  const unhealthy = isWaiting ? (isUnsupported ? toNoSupport(active.revision, at) : before) : undefined;
  const said = failure ?? unhealthy;
  return put(model, {
    isReady: unhealthy === undefined && active.state !== 'FailedToLoad',
    transition: target === undefined ? 'UpToDate' : target.state === 'Loading' ? 'InProgress' : 'BlockedByFailedLoad',
    active: active.state,
    target: target === undefined ? '' : target.state === 'Loading' ? 'Loading' : 'FailedToLoad',
    copies: toCopies(model, isUncounted),
    ...(said === undefined ? {} : { failure: said }),
  });
}

function put(model: MeshModel, report: ModelReport): Step {
  return isSameReport(model.written, report) ? nothing(model) : { model, writes: [report] };
}

function toCopies({ pods, active, target }: MeshModel, isUncounted: boolean): Copies {
  const parts = [active, isUncounted ? undefined : target];
  const failed = parts.filter((part) => part?.failure?.reason === 'ModelLoadFailed').length;
  const isAny = pods === 'ready';
  const live = isAny ? parts.filter((part) => part?.state === 'Loaded' || part?.state === 'Loading').length : 0;
  const total = live + failed;
  return { failedCopies: failed, ...(total === 0 ? {} : { totalCopies: total }) };
}
