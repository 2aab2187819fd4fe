import { setTimeout as sleep } from 'node:timers/promises';
import { inferenceServices, virtualServices } from '../cluster.ts';
import { until } from '../program.ts';
import { expectAnswersDuring } from '../promotion.ts';
import type { Scene } from '../scene.ts';
import { standardModel, uriOf } from '../standard-models.ts';
import { StandardScene } from '../standard-scene.ts';
import { seconds } from '../statistics.ts';
import { origins } from '../traffic.ts';

const quietMs = 10_000;

/** The tutorial in Standard mode, on KServe itself: each step is a commit, made by our own commands. */
export async function standardTutorial(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain);
  const set = (version: string, uri: string) =>
    scene.edit('wisdom', 'candidate', 'set', 'wisdom', '--version', version, '--storage-uri', uri);

  await scene.deploy(standardModel({ primary: { version: 'v1' } }));
  await scene.expectCalls('the first primary', { version: 'v1' });

  await set('v2', 's3://models/hang');
  await scene.untilStatus('the candidate is loading', ({ candidate }) => candidate?.state === 'Loading');
  await until('Argo CD has it as Progressing', async () => (await healthOf(scene)).health === 'Progressing');
  await scene.expectCalls('the candidate is loading', { version: 'v1' });
  await scene.edit('wisdom', 'discard', 'wisdom');
  await untilGone(scene, 'wisdom-1');

  const declared = await set('v2', uriOf('v2'));
  await scene.untilMirrorIsOpen(100);
  await scene.untilCopiesComeFromBoth();
  scene.row(['step', 'from the refresh'], ['a candidate is mirrored to', seconds(Date.now() - declared)]);
  await scene.expectCalls('the candidate is ready', { version: 'v1', percentage: 100 });
  const [pod] = scene.standard.podsOf('wisdom-1');
  scene.check('the candidate’s own log has the copies', /\/v1\/models\/wisdom:predict/.test(pod?.log() ?? ''));
  await quiet(scene);

  await expectAnswersDuring(scene, {
    what: 'v2 is promoted',
    ...{ from: 'v1', to: 'v2' },
    make: () => scene.edit('wisdom', 'promote', 'wisdom'),
    untilOver: () => until('the old Pod is gone', () => scene.standard.podsOf('wisdom-0').length === 1),
  });
  await scene.expectCalls('v2 is promoted', { version: 'v2' });

  await set('v3', uriOf('v3'));
  await scene.untilMirrorIsOpen(100);
  await scene.edit('wisdom', 'discard', 'wisdom');
  await scene.untilMirrored(undefined);
  await untilGone(scene, 'wisdom-1');
  await scene.expectCalls('the candidate is discarded', { version: 'v2' });
  await cleanUp(scene);
}

/** Argo CD is content with what KServe has made of it, and writes nothing. */
async function quiet(scene: StandardScene): Promise<void> {
  await until('Argo CD says Synced and Healthy', async () => {
    const { sync, health } = await healthOf(scene);
    return sync === 'Synced' && health === 'Healthy';
  });
  const since = Date.now();
  await scene.stack.refresh('wisdom');
  await sleep(quietMs);
  const { sync, health } = await healthOf(scene);
  scene.equal('Argo CD stays Synced and Healthy', [sync, health], ['Synced', 'Healthy']);
  const written = scene.stack.cluster
    .writes(since)
    .filter(({ namespace, agent, code }) => namespace === scene.namespace && /argocd/.test(agent) && code < 300)
    .map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
  scene.check('Argo CD writes nothing to a model that does not change', written);
}

async function cleanUp(scene: StandardScene): Promise<void> {
  await scene.remove('wisdom');
  await until('no status is left in git', async () => (await scene.status()) === undefined);
  await until('no Pod is left', () => scene.standard.podsOf('wisdom-0').length === 0);
  for (const origin of origins)
    await until(`no route is left: ${origin}`, async () => (await scene.route(origin)) === undefined);
  const { cluster } = scene.stack;
  const left = [
    ...(await cluster.list(inferenceServices, scene.namespace)),
    ...(await cluster.list(virtualServices, scene.namespace)),
  ];
  scene.equal(
    'nothing is left in the cluster',
    left.map(({ metadata }) => metadata.name),
    [],
  );
}

async function untilGone(scene: StandardScene, name: string): Promise<void> {
  await until(`${name} is gone`, async () => (await scene.standard.findService(name)) === undefined);
}

async function healthOf(scene: StandardScene): Promise<{ readonly sync?: string; readonly health?: string }> {
  const { sync, health } = ((await scene.application())?.['status'] ?? {}) as {
    readonly sync?: { readonly status?: string };
    readonly health?: { readonly status?: string };
  };
  return { ...(sync?.status && { sync: sync.status }), ...(health?.status && { health: health.status }) };
}
