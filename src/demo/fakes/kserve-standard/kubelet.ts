/** The part of the scheduler and the kubelet: what becomes of a pod, and the status that they write of it. */

/**
 * - `loads`: it is ready after `loadMs`; half of that takes its storage initializer.
 * - `hangs`: its server runs, and is never ready.
 * - `initializer-fails`, `crashes`, `runs-out-of-memory`: that container exits, and is started again and again.
 * - `has-no-image`, `unschedulable`: nothing of it ever runs.
 */
export const fates = [
  'loads',
  'hangs',
  'initializer-fails',
  'crashes',
  'runs-out-of-memory',
  'has-no-image',
  'unschedulable',
] as const;

export type Fate = (typeof fates)[number];

/** How a pod has come to where it is. */
export interface PodLife {
  readonly fate: Fate;
  /** When it began, in milliseconds, as if its fate had been this one from then on. */
  readonly since: number;
  /** How its server ended before it was started again. */
  readonly lastEnd?: object | undefined;
}

/** What its containers are started with. */
export interface PodInputs {
  /** Empty: it has no storage initializer. */
  readonly storageUri: string;
  readonly image: string;
}

type State = Readonly<Record<'waiting' | 'running' | 'terminated', object>>;
type Container = {
  readonly state: Partial<State>;
  readonly lastState?: Partial<State>;
  readonly restartCount: number;
  readonly ready?: boolean;
};

const initializer = 'storage-initializer';
const server = 'kserve-container';
const starting: Container = { state: { waiting: { reason: 'PodInitializing' } }, restartCount: 0 };
const done: Container = { state: { terminated: { exitCode: 0, reason: 'Completed' } }, restartCount: 0, ready: true };
const running: Container = { state: { running: {} }, restartCount: 0 };

const ends: Readonly<Partial<Record<Fate, object>>> = {
  crashes: { exitCode: 1, reason: 'Error' },
  'runs-out-of-memory': { exitCode: 137, reason: 'OOMKilled' },
};

/** The life of a pod whose fate changes: what it has behind it does not happen again. */
export function changeFate(
  { fate: before, since, lastEnd }: PodLife,
  fate: Fate,
  now: number,
  loadMs: number,
): PodLife {
  const hadServer = before !== 'unschedulable' && before !== 'initializer-fails' && before !== 'has-no-image';
  const hasServer = hadServer && now - since >= loadMs / 2;
  // A server that crashes now has run until now; one that loads now is started again.
  const behind = fate === 'loads' || fate === 'hangs' ? loadMs / 2 : loadMs;
  return { fate, since: now - (hasServer ? behind : 0), lastEnd: hasServer ? (ends[before] ?? lastEnd) : undefined };
}

/**
 * @param now in milliseconds.
 * @param loadMs how long a pod takes to become ready.
 * @returns the status of the pod, without times.
 */
export function toPodStatus(
  { fate, since, lastEnd }: PodLife,
  { storageUri, image }: PodInputs,
  now: number,
  loadMs: number,
): object {
  const age = now - since;
  if (fate === 'unschedulable') {
    const why = '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.';
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: why };
    return { phase: 'Pending', conditions: [condition] };
  }
  const message = `RuntimeError: Failed to fetch model. The path or model ${storageUri} does not exist.`;
  const failure = { exitCode: 1, reason: 'Error', message };
  const downloading = fate === 'initializer-fails' ? loop(age - loadMs / 4, loadMs, failure) : running;
  const first = age < loadMs / 4 ? starting : age < loadMs / 2 || fate === 'initializer-fails' ? downloading : done;
  const isLoaded = first === done;
  const second = isLoaded ? toServer({ fate, lastEnd }, image, age - loadMs / 2, loadMs) : starting;
  const isReady = second.ready === true;
  const hasRun = second.state.running !== undefined || second.restartCount > 0 || second.state.terminated !== undefined;
  return {
    phase: hasRun ? 'Running' : 'Pending',
    conditions: [
      toCondition('Initialized', isLoaded, 'ContainersNotInitialized', `incomplete status: [${initializer}]`),
      toCondition('Ready', isReady, 'ContainersNotReady', `unready status: [${server}]`),
      toCondition('ContainersReady', isReady, 'ContainersNotReady', `unready status: [${server}]`),
      { type: 'PodScheduled', status: 'True' },
    ],
    ...(storageUri === ''
      ? {}
      : {
          initContainerStatuses: [{ name: initializer, image: 'kserve/storage-initializer', ready: false, ...first }],
        }),
    containerStatuses: [{ name: server, image, ready: false, ...second }],
  };
}

export function isReadyPod(status: unknown): boolean {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly Record<string, string>[] };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function toServer(
  { fate, lastEnd }: Pick<PodLife, 'fate' | 'lastEnd'>,
  image: string,
  age: number,
  loadMs: number,
): Container {
  if (fate === 'has-no-image') {
    const refusal = { reason: 'ErrImagePull', message: `failed to resolve reference "${image}": not found` };
    const pause = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` };
    return { state: { waiting: age < loadMs / 2 ? refusal : pause }, restartCount: 0 };
  }
  const end = ends[fate];
  if (end !== undefined) return loop(age, loadMs, end);
  const again = lastEnd === undefined ? {} : { lastState: { terminated: lastEnd }, restartCount: 1 };
  return { ...running, ...again, ready: fate === 'loads' && age >= loadMs / 2 };
}

/** A container that runs, exits, and waits for its next start, for ever. */
function loop(age: number, loadMs: number, terminated: object): Container {
  const period = 10 * loadMs;
  const rounds = Math.max(0, Math.floor(age / period));
  const lastState = { terminated };
  const atEnd = { state: lastState, ...(rounds === 0 ? {} : { lastState }), restartCount: rounds };
  const within = age - rounds * period;
  if (within < loadMs / 2) return { ...running, ...(rounds === 0 ? {} : { lastState }), restartCount: rounds };
  if (within < loadMs) return atEnd;
  const message = 'back-off 10s restarting failed container';
  return { state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState, restartCount: rounds };
}

function toCondition(type: string, isTrue: boolean, reason: string, what: string): object {
  return isTrue ? { type, status: 'True' } : { type, status: 'False', reason, message: `containers with ${what}` };
}
