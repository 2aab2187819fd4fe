import { setTimeout as sleep } from 'node:timers/promises';
import { toRefusal } from '../admission.ts';
import type { ClusterObject } from '../cluster.ts';
import { inferenceServices } from '../cluster.ts';
import type { ModelFile } from '../model-files.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { unanswered } from '../scene.ts';
import { seconds } from '../statistics.ts';
import { origins, Traffic } from '../traffic.ts';

const primary = { version: 'v1' };
const columns = ['the candidate', 'health in Argo CD', 'from the refresh to the last mirrored call'];
/** By polling alone Argo CD would take three minutes. */
const limitMs = 120_000;
const refusedAnnotation = 'example.com/refused';

interface ApplicationStatus {
  readonly sync?: { readonly status?: string };
  readonly health?: { readonly status?: string };
  readonly operationState?: { readonly phase?: string };
}

interface Sickness {
  readonly what: string;
  readonly model: ModelFile;
  /** Makes it so, once the mirror is open. */
  readonly happen?: (scene: Scene) => Promise<void>;
  readonly tidy?: (scene: Scene) => Promise<void>;
}

const toModel = (uri: string, overrides?: object): ModelFile => ({
  primary,
  candidate: { version: 'v2', uri, ...(overrides === undefined ? {} : { overrides }) },
});

const sicknesses: readonly Sickness[] = [
  { what: 'loads for ever', model: toModel('s3://models/forever') },
  { what: 'cannot be loaded', model: toModel('s3://models/broken') },
  {
    what: 'was deleted by hand',
    model: toModel('s3://models/v2'),
    happen: ({ stack }) => stack.cluster.remove(inferenceServices, modelNamespace, 'wisdom-1'),
  },
  {
    what: 'is being deleted, and its finalizer is stuck',
    model: toModel('s3://models/v2'),
    happen: async ({ stack }) => {
      stack.models.controller.behave(modelNamespace, 'wisdom-1', { finalizer: 'stuck' });
      await until('the finalizer is there', async () => {
        const service = await stack.cluster.find(inferenceServices, modelNamespace, 'wisdom-1');
        return JSON.stringify(service?.metadata['finalizers'] ?? []).includes('inferenceservice');
      });
      await stack.cluster.remove(inferenceServices, modelNamespace, 'wisdom-1');
    },
    tidy: async ({ stack }) => stack.models.controller.behave(modelNamespace, 'wisdom-1', { finalizer: 'clean' }),
  },
];

/** A commit of 0 % takes effect at once, however sick the candidate is. */
export async function brake(scene: Scene): Promise<void> {
  const { models } = scene.stack;
  models.loadMs = 300;
  await refusedByTheApi(scene);
  for (const { what, model, happen, tidy } of sicknesses) {
    // Without the gate, which would have closed the mirror by itself.
    const open = { gate: 'None', mirrorPercentage: 100 };
    await scene.deploy(model, open);
    await scene.untilMirrored(100);
    await happen?.(scene);
    const health = await healthOf(scene);
    await measureBrake(scene, what, health, () =>
      scene.commit('wisdom: brake', model, { ...open, mirrorPercentage: 0 }),
    );
    await tidy?.(scene);
    await scene.remove('wisdom');
  }
  await rollback(scene);
}

/** Calls go on while the commit is made; the last one that reaches the candidate is waited for. */
async function measureBrake(scene: Scene, what: string, health: string, stop: () => Promise<number>): Promise<void> {
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate: 50 }));
  const begun = await lastCall(scene);
  // Nothing mirrored would show nothing.
  await until('calls are mirrored', async () => (await lastCall(scene)) > begun);
  const refreshed = await stop();
  await scene.untilMirrored(undefined, 'wisdom', limitMs);
  await sleep(1500);
  const last = await lastCall(scene);
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  scene.row(columns, [what, health, seconds(last - refreshed)]);
  scene.check(`${what}: 0 % takes effect`, [
    ...(last - refreshed < limitMs ? [] : ['it took too long']),
    ...summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
  ]);
}

/**
 * What the API server refuses keeps nothing else from being applied; but with ServerSideDiff, which the
 * README advises against for that, the comparison fails as a whole.
 */
async function refusedByTheApi(scene: Scene): Promise<void> {
  const { stack } = scene;
  const model = toModel('s3://models/v2');
  const refused = toModel('s3://models/v2', { metadata: { annotations: { [refusedAnnotation]: 'true' } } });
  await stack.cluster.apply(...(toRefusal(refusedAnnotation) as unknown as ClusterObject[]));
  const open = { gate: 'None', mirrorPercentage: 100 };
  const closed = { ...open, mirrorPercentage: 0 };
  await scene.deploy(model, open, { isServerSideDiff: true });
  await scene.untilMirrored(100);
  await scene.commit('wisdom: an annotation that the API server refuses', refused, open);
  await until('the comparison fails', async () => (await statusOf(scene)).sync?.status === 'Unknown');
  await scene.commit('wisdom: brake', refused, closed);
  await sleep(5000);
  const [status, route] = [await statusOf(scene), await scene.route('outside')];
  scene.equal('with ServerSideDiff 0 % does not take effect', [status.sync?.status, route?.mirrored], ['Unknown', 100]);

  await stack.setServerSideDiff('wisdom', false);
  await scene.commit('wisdom: mirror everything', refused, open);
  await until('Argo CD says so', async () => JSON.stringify(await statusOf(scene)).includes(refusedAnnotation));
  await scene.untilMirrored(100);
  await measureBrake(scene, 'is refused by the API server', await healthOf(scene), () =>
    scene.commit('wisdom: brake', refused, closed),
  );
  // A sync that is tried again and again would hold up the Application's own deletion.
  await scene.commit('wisdom: fix it', model, open);
  await until('the sync succeeds', async () => (await statusOf(scene)).operationState?.phase === 'Succeeded');
  await scene.remove('wisdom');
}

/** A promotion whose new primary cannot be loaded is taken back. */
async function rollback(scene: Scene): Promise<void> {
  await scene.deploy({ primary });
  const promoted = { primary: { version: 'v2', uri: 's3://models/broken' } };
  await scene.commit('wisdom: promote v2', promoted);
  await scene.untilStatus('the new primary failed', ({ primary: one }) => one?.state === 'Failed');
  const health = await healthOf(scene);
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate: 50 }));
  const refreshed = await scene.commit('wisdom: take v2 back', { primary });
  let patched = Number.NaN;
  await until(
    'the old version is asked for again',
    async () => {
      const write = scene.stack.cluster
        .writes(refreshed)
        .find(
          (one) =>
            one.resource === 'inferenceservices' && one.name === 'wisdom-0' && one.subresource === '' && one.code < 300,
        );
      patched = write?.at ?? Number.NaN;
      return write !== undefined;
    },
    limitMs,
  );
  await scene.untilStatus(
    'the old version is ready',
    ({ primary: one }) => one?.version === 'v1' && one.state === 'Ready',
  );
  const summaries = await Promise.all(traffic.map((one) => one.stop()));
  scene.row(
    ['promotion', 'health in Argo CD', 'from the refresh to the old spec in the cluster'],
    ['to a version that cannot be loaded', health, seconds(patched - refreshed)],
  );
  scene.check(
    'a promotion is taken back',
    summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
  );
  await scene.remove('wisdom');
}

async function lastCall(scene: Scene): Promise<number> {
  return (await scene.stack.modelmesh.report()).lastCalls['wisdom-1'] ?? 0;
}

async function healthOf(scene: Scene): Promise<string> {
  await sleep(1500);
  return (await statusOf(scene)).health?.status ?? 'unknown';
}

async function statusOf(scene: Scene): Promise<ApplicationStatus> {
  return ((await scene.application())?.['status'] ?? {}) as ApplicationStatus;
}
