/** Changes to InferenceServices in Standard mode, and the state that a watcher must see at the end of each. */
import type { Fate } from '../../src/demo/fakes/kserve-standard/kubelet.ts';

export interface Step {
  /** Absent: the one before. */
  readonly storageUri?: string;
  /** Beside those that every one has; null removes. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** From now on it becomes of all its pods, whatever their model. */
  readonly fate?: Fate;
  /** As an autoscaler, or a person. */
  readonly replicas?: number;
  readonly remove?: boolean;
  /** As StateWatch words it. */
  readonly ends: string;
}

export interface Change {
  /** Of its file too. */
  readonly name: string;
  readonly title: string;
  readonly steps: readonly Step[];
  /**
   * What KServe itself says is left to chance: what becomes of a Pod it sees only when something else happens, a change
   * of the Deployment or of an initializer (kserve 0.20.0, podInitContainersPredicate).
   */
  readonly isSeenByChance?: boolean;
  /** What the fake leaves out. */
  readonly isRealOnly?: boolean;
}

const good = 's3://models/good';
const better = 's3://models/better';
/** A model with a name of a fate has pods of that fate. */
const withFate = (fate: Fate) => `s3://models/${fate}`;
const first: Step = { storageUri: good, ends: 'Ready' };
const stop = 'serving.kserve.io/stop';

export const changes: readonly Change[] = [
  { name: 'first', title: 'a first version', steps: [first] },
  {
    name: 'first-unschedulable',
    title: 'a first version that no node has room for',
    steps: [{ storageUri: withFate('unschedulable'), ends: 'Failed Unschedulable' }],
    isSeenByChance: true,
  },
  {
    name: 'first-no-image',
    title: 'a first version without an image',
    steps: [{ storageUri: withFate('has-no-image'), ends: 'Failed ImagePullBackOff' }],
    isSeenByChance: true,
  },
  {
    name: 'first-oom',
    title: 'a first version that runs out of memory',
    steps: [{ storageUri: withFate('runs-out-of-memory'), ends: 'Failed OOMKilled' }],
    isSeenByChance: true,
  },
  {
    name: 'first-no-model',
    title: 'a first version that cannot be downloaded, then another that can',
    steps: [
      { storageUri: withFate('initializer-fails'), ends: 'Failed ModelLoadFailed' },
      { storageUri: good, ends: 'Ready' },
    ],
  },
  {
    name: 'first-crashes',
    title: 'a first version that crashes, then another that does not',
    steps: [
      { storageUri: withFate('crashes'), ends: 'Failed CrashLoopBackOff' },
      { storageUri: good, ends: 'Ready' },
    ],
    isSeenByChance: true,
  },
  { name: 'update', title: 'a live one gets another model', steps: [first, { storageUri: better, ends: 'Ready' }] },
  {
    name: 'update-crashes',
    title: 'a live one gets a model that crashes, and the one before again',
    steps: [first, { storageUri: withFate('crashes'), ends: 'Failed CrashLoopBackOff' }, first],
  },
  {
    name: 'update-oom',
    title: 'a live one gets a model that runs out of memory',
    steps: [first, { storageUri: withFate('runs-out-of-memory'), ends: 'Failed OOMKilled' }],
  },
  {
    name: 'update-unschedulable',
    title: 'a live one gets pods that no node has room for',
    steps: [first, { storageUri: withFate('unschedulable'), ends: 'Failed Unschedulable' }],
  },
  {
    name: 'update-no-image',
    title: 'a live one gets an image that is not there',
    steps: [first, { storageUri: withFate('has-no-image'), ends: 'Failed ImagePullBackOff' }],
  },
  {
    name: 'update-no-model',
    title: 'a live one gets a model that cannot be downloaded',
    steps: [first, { storageUri: withFate('initializer-fails'), ends: 'Failed ModelLoadFailed' }],
  },
  {
    name: 'update-hangs',
    title: 'a live one gets a model that never gets ready',
    steps: [first, { storageUri: withFate('hangs'), ends: 'Loading' }],
  },
  {
    name: 'unready',
    title: 'the only pod of a live one becomes unready, and ready again',
    steps: [first, { fate: 'hangs', ends: 'Loading' }, { fate: 'loads', ends: 'Ready' }],
  },
  {
    name: 'scale',
    title: 'a live one is scaled to 0, and to 1',
    steps: [first, { replicas: 0, ends: 'Pending ScaledToZero' }, { replicas: 1, ends: 'Ready' }],
  },
  {
    name: 'annotation',
    title: 'a live one gets another annotation: its pods are replaced',
    steps: [first, { annotations: { team: 'b' }, ends: 'Ready' }],
  },
  {
    name: 'stop',
    title: 'a live one is stopped, and goes on',
    steps: [first, { annotations: { [stop]: 'true' }, ends: 'Stopped Stopped' }, first],
  },
  { name: 'remove', title: 'a live one is removed', steps: [first, { remove: true, ends: 'Gone' }] },
  {
    name: 'no-runtime',
    title: 'a runtime that is not there',
    steps: [{ storageUri: 's3://models/no-runtime', ends: 'Failed RuntimeNotRecognized' }],
    isRealOnly: true,
  },
];
