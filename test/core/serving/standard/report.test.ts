import test from 'ava';
import { workloads as reader, readReport } from '../../../../src/core/serving/standard/report.ts';
import {
  blocked,
  digest,
  olderDigest,
  pending,
  running,
  stuckUpdate,
  toContainer,
  toDeployment,
  toEnd,
  toPod,
  toStatus,
  toWaiting,
  toWorkloads,
  unschedulable,
  upToDate,
} from './objects.ts';

interface Case {
  readonly status?: object;
  readonly deployments?: readonly object[];
  readonly pods?: readonly object[];
  /** Of the InferenceService. */
  readonly digest?: string;
  readonly spec?: object;
  readonly since?: string;
}

function report({ status, deployments = [], pods = [], digest: own = digest, spec = { predictor: {} }, since }: Case) {
  const parts = reader.findParts({ metadata: { name: 'wisdom-1' }, spec });
  const said = status === undefined ? undefined : readReport(status as Record<string, unknown>);
  return reader.report({ uid: 'isvc-1', digest: own, parts, since }, said, toWorkloads(deployments, pods));
}

/** The state, the reason, and whether it is known to be about what is live. */
function toLine(of: Case): string {
  const { state, stateIfLoaded, reason, isAbout, isStopped, isUnhealthy } = report(of);
  const shown = state === 'Failed' || isUnhealthy ? reason : '';
  const about = isAbout === undefined ? 'by history' : isAbout ? 'known' : 'of something else';
  return (
    [isStopped ? 'Stopped' : state, shown, about].filter((part) => part !== '').join(', ') +
    (state === stateIfLoaded ? '' : ' !')
  );
}

/** The first pod of a Deployment is not ready yet. */
const loading = toDeployment({ available: 0, conditions: [{ type: 'Available', status: 'False' }] });
const onTimeOut = [
  { type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable' },
  {
    type: 'Progressing',
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: 'ReplicaSet "wisdom-1-predictor-6d4cf56db6" has timed out progressing.',
  },
];
const onQuota = (message: string) => [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }];
const quota =
  'pods "wisdom-1-predictor-6d4cf56db6-" is forbidden: exceeded quota: compute, requested: cpu=4, used: cpu=8, limited: cpu=10';
const crash = toEnd(1, 'Error', 'Traceback: no module');
const crashing = toPod({
  phase: 'Running',
  containers: [toContainer(toWaiting('CrashLoopBackOff', 'back-off 20s restarting failed container'), { last: crash })],
});
const withInitializer = (state: object, last?: object) =>
  toPod({ initContainers: [toContainer(state, { name: 'storage-initializer', ...(last && { last }) })] });

const seen = (observedGeneration: number | undefined) =>
  ({ ready: 'True', transition: 'UpToDate', active: 'Loaded', target: 'Loaded', observedGeneration }) as const;
const byKServe = {
  manager: 'manager',
  time: '2026-11-26T10:00:00Z',
  fieldsV1: {
    'f:metadata': { 'f:ownerReferences': {} },
    'f:spec': { 'f:template': { 'f:spec': { 'f:volumes': {} } } },
  },
};
const byHand = {
  manager: 'kubectl-set',
  time: '2026-11-26T10:00:00Z',
  fieldsV1: { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': {} } } } },
};

/** Row by row as the tables of the facts, which were executed on KServe 0.20.0. */
const rows: readonly (readonly [string, string, Case])[] = [
  // What happens to a new InferenceService.
  ['new: not seen by KServe', 'Pending, of something else', {}],
  ['new: created, no Deployment yet', 'Pending, of something else', { status: pending }],
  ['new: the pod is to be made', 'Loading, known', { status: pending, deployments: [loading] }],
  [
    'new: the Deployment is not observed',
    'Pending, of something else',
    { status: pending, deployments: [toDeployment({ observedGeneration: 0 })] },
  ],
  [
    'new: unschedulable',
    'Failed, Unschedulable, known',
    { status: pending, deployments: [loading], pods: [unschedulable] },
  ],
  [
    'new: no status at all, unschedulable (kserve#4454)',
    'Failed, Unschedulable, known',
    { deployments: [loading], pods: [unschedulable] },
  ],
  [
    'new: waits for the end of a scheduling gate',
    'Loading, known',
    {
      status: pending,
      deployments: [loading],
      pods: [toPod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] })],
    },
  ],
  ...(['ErrImagePull', 'ImagePullBackOff'] as const).map(
    (reason) =>
      [
        `new: image cannot be pulled, ${reason}`,
        'Failed, ImagePullBackOff, known',
        {
          status: pending,
          deployments: [loading],
          pods: [toPod({ containers: [toContainer(toWaiting(reason, `Back-off ${reason}`))] })],
        },
      ] as const,
  ),
  [
    'new: image of the storage initializer cannot be pulled',
    'Failed, ImagePullBackOff, known',
    { status: pending, deployments: [loading], pods: [withInitializer(toWaiting('ErrImagePull'))] },
  ],
  [
    'new: container starts',
    'Loading, known',
    {
      status: pending,
      deployments: [loading],
      pods: [toPod({ phase: 'Running', containers: [toContainer(running)] })],
    },
  ],
  [
    'new: out of memory the first time',
    'Failed, OOMKilled, known',
    {
      status: pending,
      deployments: [loading],
      pods: [toPod({ containers: [toContainer({ terminated: toEnd(137, 'OOMKilled') })] })],
    },
  ],
  [
    'new: killed by a signal',
    'Failed, OOMKilled, known',
    {
      status: blocked,
      deployments: [loading],
      pods: [toPod({ containers: [toContainer({ terminated: toEnd(137) })] })],
    },
  ],
  [
    'new: a secret is missing',
    'Failed, CreateContainerConfigError, known',
    {
      status: pending,
      deployments: [loading],
      pods: [toPod({ containers: [toContainer(toWaiting('CreateContainerConfigError', 'secret "s3" not found'))] })],
    },
  ],
  [
    'new: storage initializer runs',
    'Loading, known',
    {
      status: toStatus({ transition: 'InProgress', target: 'Loading' }),
      deployments: [loading],
      pods: [withInitializer(running)],
    },
  ],
  [
    'new: storage initializer fails',
    'Failed, ModelLoadFailed, known',
    { status: blocked, deployments: [loading], pods: [withInitializer({ terminated: crash })] },
  ],
  [
    'new: storage initializer waits after a failure',
    'Failed, ModelLoadFailed, known',
    { status: blocked, deployments: [loading], pods: [withInitializer(toWaiting('CrashLoopBackOff'), crash)] },
  ],
  [
    'new: it runs again after a failure',
    'Failed, ModelLoadFailed, known',
    { status: blocked, deployments: [loading], pods: [withInitializer(running, crash)] },
  ],
  [
    'new: it has succeeded after a failure, of which KServe writes nothing',
    'Loading, known',
    {
      status: blocked,
      deployments: [loading],
      pods: [
        toPod({
          initContainers: [
            toContainer({ terminated: toEnd(0) }, { name: 'storage-initializer', ready: true, last: crash }),
          ],
          containers: [toContainer(toWaiting('PodInitializing'))],
        }),
      ],
    },
  ],
  [
    'new: container ends with an error',
    'Failed, CrashLoopBackOff, known',
    { status: blocked, deployments: [loading], pods: [toPod({ containers: [toContainer({ terminated: crash })] })] },
  ],
  ['new: crash loop', 'Failed, CrashLoopBackOff, known', { status: blocked, deployments: [loading], pods: [crashing] }],
  [
    'new: crash loop, running again',
    'Failed, CrashLoopBackOff, known',
    {
      status: blocked,
      deployments: [loading],
      pods: [toPod({ containers: [toContainer(running, { last: crash, restartCount: 3 })] })],
    },
  ],
  [
    'new: crash loop of a server that ends well',
    'Failed, CrashLoopBackOff, known',
    {
      status: blocked,
      deployments: [loading],
      pods: [toPod({ containers: [toContainer(toWaiting('CrashLoopBackOff'), { last: toEnd(0) })] })],
    },
  ],
  [
    'new: pod Ready, KServe has not written it',
    'Loading, Predictor ingress not created, known',
    { status: pending, deployments: [toDeployment()] },
  ],
  ['new: pod Ready', 'Ready, known', { status: upToDate, deployments: [toDeployment()] }],
  [
    'new: pod Ready after failures: lastFailureInfo stays for ever',
    'Ready, known',
    {
      status: toStatus({
        ready: 'True',
        transition: 'UpToDate',
        active: 'Loaded',
        target: 'Loaded',
        failure: { reason: 'ModelLoadFailed', exitCode: 1 },
      }),
      deployments: [toDeployment()],
    },
  ],
  [
    'new: no progress in 600 s',
    'Failed, ProgressDeadlineExceeded, known',
    {
      status: toStatus({ transition: 'InProgress', target: 'Pending', reason: 'ProgressDeadlineExceeded' }),
      deployments: [toDeployment({ available: 0, conditions: onTimeOut })],
    },
  ],
  [
    'new: no progress in 600 s, and the pod tells why',
    'Failed, CrashLoopBackOff, known',
    { status: blocked, deployments: [toDeployment({ available: 0, conditions: onTimeOut })], pods: [crashing] },
  ],
  [
    'new: quota',
    'Failed, FailedCreate, known',
    { status: pending, deployments: [toDeployment({ pods: 0, conditions: onQuota(quota) })] },
  ],
  ...(['RuntimeNotRecognized', 'NoSupportingRuntime', 'RuntimeDisabled'] as const).map(
    (reason) =>
      [
        `new: ${reason}`,
        `Failed, ${reason}, by history`,
        {
          status: toStatus({
            ready: 'Unknown',
            transition: 'InvalidSpec',
            target: 'FailedToLoad',
            failure: { reason, message: 'no runtime' },
          }),
        },
      ] as const,
  ),
  ['new: storageUri with a bad scheme', 'Pending, of something else', { status: toStatus({ ready: 'Unknown' }) }],
  [
    'new: route not accepted by a Gateway',
    'Loading, ParentStatusNotAvailable, known',
    {
      status: toStatus({ transition: 'InProgress', reason: 'ParentStatusNotAvailable' }),
      deployments: [toDeployment()],
    },
  ],

  // What happens to a live one.
  [
    'live: new spec, not seen by KServe',
    'Pending, of something else',
    { status: upToDate, deployments: [toDeployment({ digest: olderDigest })] },
  ],
  [
    'live: new spec, Deployment written, not observed',
    'Pending, of something else',
    { status: upToDate, deployments: [toDeployment({ generation: 2, observedGeneration: 1 })] },
  ],
  [
    'live: new spec, new pod pending or starting',
    'Loading, known',
    { status: upToDate, deployments: [toDeployment(stuckUpdate)] },
  ],
  [
    'live: new spec, new pod crash-loops',
    'Failed, CrashLoopBackOff, known',
    { status: upToDate, deployments: [toDeployment(stuckUpdate)], pods: [crashing] },
  ],
  [
    'live: new spec, all new pods are ready, an old one is left',
    'Loading, known',
    { status: upToDate, deployments: [toDeployment({ generation: 2, pods: 2, updated: 1, available: 2 })] },
  ],
  [
    'live: new spec, image cannot be pulled',
    'Failed, ImagePullBackOff, known',
    {
      status: upToDate,
      deployments: [toDeployment(stuckUpdate)],
      pods: [toPod({ containers: [toContainer(toWaiting('ErrImagePull'))] })],
    },
  ],
  [
    'live: new spec, and 600 s later',
    'Failed, CrashLoopBackOff, known',
    {
      status: toStatus({
        reason: 'ProgressDeadlineExceeded',
        transition: 'BlockedByFailedLoad',
        active: 'Loaded',
        target: 'FailedToLoad',
      }),
      deployments: [toDeployment({ ...stuckUpdate, conditions: onTimeOut })],
      pods: [crashing],
    },
  ],
  [
    'live: the new pod’s storage initializer runs',
    'Loading, known',
    {
      status: toStatus({ ready: 'True', transition: 'InProgress', active: 'Loaded', target: 'Loading' }),
      deployments: [toDeployment(stuckUpdate)],
      pods: [withInitializer(running)],
    },
  ],
  [
    'live: the new pod’s storage initializer fails',
    'Failed, ModelLoadFailed, known',
    {
      status: toStatus({ ready: 'True', transition: 'BlockedByFailedLoad', active: 'Loaded', target: 'FailedToLoad' }),
      deployments: [toDeployment(stuckUpdate)],
      pods: [withInitializer({ terminated: crash })],
    },
  ],
  [
    'live: pods of an older spec crash-loop, the new one loads',
    'Loading, known',
    {
      status: blocked,
      deployments: [toDeployment({ ...stuckUpdate, available: 0 })],
      pods: [toPod({ digest: olderDigest, containers: [toContainer({ terminated: crash })] })],
    },
  ],
  [
    'live: the only pod becomes unready',
    'Loading, known',
    {
      status: toStatus({
        transition: 'UpToDate',
        active: 'Loaded',
        target: 'Loaded',
        reason: 'MinimumReplicasUnavailable',
      }),
      deployments: [loading],
    },
  ],
  [
    'live: one of two pods crash-loops',
    'Ready, known',
    { status: upToDate, deployments: [toDeployment({ replicas: 2, available: 1 })], pods: [crashing] },
  ],
  [
    'live: more pods are wanted than the quota allows',
    'Ready, known',
    {
      status: upToDate,
      deployments: [toDeployment({ replicas: 3, pods: 2, conditions: onQuota(quota) })],
    },
  ],
  [
    'live: scaled to 0, pods end',
    'Pending, ScaledToZero, known',
    { status: upToDate, deployments: [toDeployment({ replicas: 0, pods: 1, available: 1 })] },
  ],
  [
    'live: scaled to 0',
    'Pending, ScaledToZero, known',
    {
      status: toStatus({ ready: 'True', transition: 'InProgress', active: 'Loaded', target: 'Pending' }),
      deployments: [toDeployment({ replicas: 0 })],
    },
  ],
  ['live: scaled 0 → 1', 'Loading, known', { status: upToDate, deployments: [toDeployment({ pods: 0 })] }],
  [
    'live: a label was changed, pods roll',
    'Loading, known',
    { status: upToDate, deployments: [toDeployment({ generation: 3, pods: 2, updated: 1, available: 2 })] },
  ],
  [
    'live: stopped',
    'Stopped, by history',
    { status: toStatus({ reason: 'Stopped', isStopped: true }), deployments: [] },
  ],
  [
    'live: to be stopped, the Deployment is still there',
    'Stopped, by history',
    { status: toStatus({ reason: 'Stopped', isStopped: true }), deployments: [toDeployment()] },
  ],
  [
    'live: invalid after it was rolled out',
    'Failed, RuntimeDisabled, by history',
    {
      status: toStatus({
        ready: 'Unknown',
        transition: 'InvalidSpec',
        target: 'FailedToLoad',
        failure: { reason: 'RuntimeDisabled' },
      }),
      deployments: [toDeployment()],
    },
  ],

  // Whose Deployment it is.
  [
    'the Deployment of a former InferenceService of this name',
    'Pending, DeploymentNotVisible, of something else',
    { status: upToDate, deployments: [toDeployment({ owner: 'isvc-0' })] },
  ],
  [
    'pods of a former InferenceService of this name, of the same digest',
    'Pending, of something else',
    { status: pending, pods: [crashing] },
  ],
  [
    'no right to list Deployments, or KServe copies no labels',
    'Pending, DeploymentNotVisible, of something else',
    { status: upToDate },
  ],
  [
    'KServe copies no annotations',
    'Pending, DigestNotCopied, of something else',
    { status: upToDate, deployments: [toDeployment({ digest: null })] },
  ],
  [
    'an InferenceService without a digest',
    'Pending, DigestNotCopied, of something else',
    { status: upToDate, deployments: [toDeployment({ digest: null })], digest: undefined as unknown as string },
  ],

  // Edited by hand: the digest stays.
  [
    'edited: the Deployment has changed since KServe looked at it',
    'Pending, of something else',
    { status: toStatus(seen(2)), deployments: [toDeployment({ generation: 3 })] },
  ],
  [
    'edited: KServe has seen a later Deployment than the watcher',
    'Pending, of something else',
    { status: toStatus(seen(3)), deployments: [toDeployment({ generation: 2 })] },
  ],
  [
    'edited: KServe has seen this very Deployment',
    'Ready, known',
    { status: toStatus(seen(2)), deployments: [toDeployment({ generation: 2 })] },
  ],
  [
    'edited: a version of KServe that reports no generation',
    'Ready, known',
    { status: toStatus(seen(undefined)), deployments: [toDeployment({ generation: 2 })] },
  ],
  [
    'edited: the image, and KServe is away',
    'Pending, DeploymentEdited, of something else',
    { status: upToDate, deployments: [toDeployment({ writers: [byKServe, byHand] })] },
  ],
  [
    'edited: the InferenceService, after KServe last wrote its Deployment',
    'Pending, EditedByHand, of something else',
    { status: upToDate, deployments: [toDeployment({ writers: [byKServe] })], since: '2026-11-26T10:00:01Z' },
  ],
  [
    'edited: the InferenceService, and KServe has written its Deployment since',
    'Ready, known',
    { status: upToDate, deployments: [toDeployment({ writers: [byKServe] })], since: '2026-11-26T10:00:00Z' },
  ],
  [
    'edited: the InferenceService, and KServe has written one Deployment since, as the other did not change',
    'Ready, known',
    {
      status: upToDate,
      deployments: [
        toDeployment({ writers: [{ ...byKServe, time: '2026-11-26T10:00:02Z' }] }),
        toDeployment({ name: 'wisdom-1-transformer', writers: [byKServe] }),
      ],
      spec: { predictor: {}, transformer: {} },
      since: '2026-11-26T10:00:01Z',
    },
  ],
  [
    'edited: without a record of writes nothing contradicts the digest',
    'Ready, known',
    { status: upToDate, deployments: [toDeployment()], since: '2026-11-26T10:00:01Z' },
  ],
  [
    'transformer: KServe reports its generation, not the predictor’s',
    'Ready, known',
    {
      status: toStatus(seen(4)),
      deployments: [toDeployment({ generation: 7 }), toDeployment({ name: 'wisdom-1-transformer', generation: 4 })],
      spec: { predictor: {}, transformer: {} },
    },
  ],
  [
    'multi-node: KServe reports the generation of the head',
    'Ready, known',
    {
      status: toStatus(seen(7)),
      deployments: [
        toDeployment({ generation: 7 }),
        toDeployment({ name: 'wisdom-1-predictor-worker', generation: 4 }),
      ],
      spec: { predictor: { workerSpec: {} } },
    },
  ],

  // Several Deployments.
  [
    'transformer: its Deployment does not exist',
    'Pending, of something else',
    { status: upToDate, deployments: [toDeployment()], spec: { predictor: {}, transformer: {} } },
  ],
  [
    'transformer: its Deployment is older',
    'Pending, of something else',
    {
      status: upToDate,
      deployments: [toDeployment(), toDeployment({ name: 'wisdom-1-transformer', digest: olderDigest })],
      spec: { predictor: {}, transformer: {} },
    },
  ],
  [
    'transformer: it loads',
    'Loading, known',
    {
      status: upToDate,
      deployments: [toDeployment(), toDeployment({ name: 'wisdom-1-transformer', available: 0 })],
      spec: { predictor: {}, transformer: {} },
    },
  ],
  [
    'transformer: both are rolled out',
    'Ready, known',
    {
      status: upToDate,
      deployments: [toDeployment(), toDeployment({ name: 'wisdom-1-transformer' })],
      spec: { predictor: {}, transformer: {} },
    },
  ],
  [
    'transformer: scaled to 0',
    'Pending, ScaledToZero, known',
    {
      status: upToDate,
      deployments: [toDeployment(), toDeployment({ name: 'wisdom-1-transformer', replicas: 0 })],
      spec: { predictor: {}, transformer: {} },
    },
  ],
  [
    'multi-node: the worker loads',
    'Loading, known',
    {
      status: upToDate,
      deployments: [toDeployment(), toDeployment({ name: 'wisdom-1-predictor-worker', available: 0 })],
      spec: { predictor: { workerSpec: {} } },
    },
  ],
  [
    'multi-node: the worker has no Deployment',
    'Pending, of something else',
    { status: upToDate, deployments: [toDeployment()], spec: { predictor: { workerSpec: {} } } },
  ],
  [
    'multi-node: both are rolled out',
    'Ready, known',
    {
      status: upToDate,
      deployments: [toDeployment(), toDeployment({ name: 'wisdom-1-predictor-worker' })],
      spec: { predictor: { workerSpec: {} } },
    },
  ],
  [
    'a predictor with a name of its own',
    'Ready, known',
    {
      status: upToDate,
      deployments: [toDeployment({ name: 'wisdom-1-v2-predictor' })],
      spec: { predictor: { name: 'v2' } },
    },
  ],
  [
    'a Deployment of a canary',
    'Pending, DeploymentNotVisible, of something else',
    { status: upToDate, deployments: [toDeployment({ name: 'wisdom-1-v2-predictor' })] },
  ],
];

for (const [name, expected, of] of rows)
  test(name, (t) => {
    t.is(toLine(of), expected);
  });

test('an update that fails says that the pods before still serve', (t) => {
  const of = (deployment: object) => report({ status: upToDate, deployments: [deployment], pods: [crashing] }).message;
  const end = '; the pods that were ready before still serve';
  const why = 'container kserve-container ends with exit code 1: Traceback: no module';
  t.is(of(toDeployment(stuckUpdate)), `${why}${end}`);
  t.is(of(loading), why);
});

test('messages say what is wrong, and keep no name of a pod, no count and no time', (t) => {
  const of = (deployment: object, ...pods: object[]) =>
    report({ status: pending, deployments: [deployment], pods }).message;
  t.is(
    of(loading, unschedulable),
    'no node is available: Insufficient nvidia.com/gpu, node(s) had untolerated taint {gpu: no}',
  );
  t.is(
    of(loading, toPod({ containers: [toContainer(toWaiting('ErrImagePull', 'rpc error: not found'))] })),
    'the image registry.local/server:1 of container kserve-container cannot be pulled',
  );
  t.is(
    of(toDeployment({ pods: 0, conditions: onQuota(quota) })),
    'a pod is forbidden: exceeded quota: compute, requested: cpu=4, limited: cpu=10',
  );
  t.is(
    of(toDeployment({ available: 0, conditions: onTimeOut })),
    'its pods did not get ready within progressDeadlineSeconds of its Deployment',
  );
  t.is(
    of(loading, toPod({ containers: [toContainer({ terminated: toEnd(137, 'OOMKilled') })] })),
    'container kserve-container is killed, because it is out of memory',
  );
});

test('of what a container wrote when it ended, the last line is kept', (t) => {
  const log = '2026-11-26 12:15:24.604 INFO root downloading\nTraceback:\n  File "x.py"\nRuntimeError: no such model\n';
  const pod = withInitializer({ terminated: toEnd(1, 'Error', log) });
  t.is(
    report({ status: blocked, deployments: [loading], pods: [pod] }).message,
    'container storage-initializer ends with exit code 1: RuntimeError: no such model',
  );
});

test('whatever the order of the pods and of the scheduler’s reasons, one text is reported', (t) => {
  const second = toPod({
    name: 'wisdom-1-predictor-6d4cf56db6-a1',
    containers: [toContainer({ terminated: toEnd(2) })],
  });
  const of = (...pods: object[]) => report({ status: pending, deployments: [loading], pods });
  t.deepEqual(of(crashing, second), of(second, crashing));
  const waits = (message: string) =>
    toPod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] });
  t.is(
    of(waits('0/9 nodes are available: 2 Insufficient cpu, 7 Insufficient memory.')).message,
    of(waits('0/12 nodes are available: 1 Insufficient memory, 11 Insufficient cpu.')).message,
  );
});

test('nothing is kept of pods that are well, on their way out, or replaced already', (t) => {
  const ready = toContainer(running, { ready: true, last: crash, restartCount: 4 });
  t.deepEqual(
    toWorkloads(
      [],
      [
        toPod({ phase: 'Running', containers: [ready] }),
        toPod({ deleting: true, containers: [toContainer({ terminated: crash })] }),
        toPod({ phase: 'Failed', containers: [toContainer({ terminated: toEnd(137) })] }),
        toPod(),
      ],
    ),
    [],
  );
});

test('whatever others wrote into an object, reading it does not fail', (t) => {
  for (const value of [
    undefined,
    null,
    3,
    'x',
    [],
    {},
    { metadata: 3, spec: [], status: 'x' },
    { status: { conditions: {} } },
  ])
    for (const kind of ['Deployment', 'Pod']) t.notThrows(() => reader.read(value, kind));
  t.false(reader.read({}, 'Deployment')?.rollout?.isObserved);
});

test('what is kept of a pod is its trouble, and nothing of its spec', (t) => {
  const [pod] = toWorkloads([], [crashing]);
  t.notRegex(JSON.stringify(pod), /hunter2|env/);
  t.deepEqual([pod?.service, pod?.digest, pod?.rollout], ['wisdom-1', digest, undefined]);
});
