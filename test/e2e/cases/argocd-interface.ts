import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ClusterObject } from '../cluster.ts';
import { inferenceServices } from '../cluster.ts';
import { folderOf, toFiles, toModelText } from '../model-files.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { isThorough } from '../trials.ts';

const run = promisify(execFile);
/** Programs that undo each other's writes do so within seconds. */
const quietMs = isThorough ? 60_000 : 25_000;
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const elsewhere = 'modelmesh-elsewhere';

interface ApplicationStatus {
  readonly sync?: { readonly status?: string; readonly revision?: string };
  readonly conditions?: readonly { readonly type: string; readonly message: string }[];
  readonly resources?: readonly { readonly kind: string; readonly name: string; readonly namespace: string }[];
}

/** What people see in Argo CD, and how the Application of the README behaves there. */
export async function argoCdAsUserInterface(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 300;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await brokenFile(scene);
  await emptyFolder(scene);
  await generatePaths(scene);
  await scene.remove('wisdom');
  await severalApplications(scene);
}

async function brokenFile(scene: Scene): Promise<void> {
  const { repository } = scene.stack;
  const path = `${folderOf('wisdom')}/model.yaml`;
  const before = (await scene.stack.cluster.list(inferenceServices, modelNamespace)).length;
  const broken = toModelText(model).replace('storageUri', 'storageURI').replace('version: v2', 'version: [v2]');
  await repository.commit({ [path]: broken }, 'wisdom: break it');
  await scene.stack.refresh('wisdom');
  const message = await untilCondition(scene, /storageURI/);
  // What one would see by hand, in a clone.
  const byHand = await run(
    process.execPath,
    ['/opt/model-mirror/dist/model-mirror.cjs', 'render', folderOf('wisdom')],
    {
      cwd: repository.folder,
    },
  ).catch((error: { stderr: string }) => error);
  const lines = byHand.stderr.split('\n').filter((line) => /^\S+:\d+:\d+: error/.test(line));
  const missing = lines.map((line) => line.slice(line.indexOf('model.yaml'))).filter((line) => !message.includes(line));
  scene.check('a broken file: the Application’s condition is the list of problems', [
    ...(lines.length >= 2 ? [] : [`there should be several problems: ${byHand.stderr}`]),
    ...missing.map((line) => `this is not reported: ${line}`),
  ]);
  scene.report.quote('As Argo CD shows it:', message.slice(message.indexOf('exit status')));
  await sleep(3000);
  scene.equal('nothing is pruned', (await scene.stack.cluster.list(inferenceServices, modelNamespace)).length, before);
  await scene.commit('wisdom: fix it', model);
  await until('the next good commit heals', async () => (await statusOf(scene)).conditions?.length === undefined);
  scene.check('the next good commit heals', true);
}

async function emptyFolder(scene: Scene): Promise<void> {
  const { repository, cluster } = scene.stack;
  const note = `${folderOf('wisdom')}/notes.txt`;
  await repository.commit(
    { [`${folderOf('wisdom')}/model.yaml`]: undefined, [note]: 'nothing here' },
    'wisdom: no model',
  );
  await scene.stack.refresh('wisdom');
  const message = await untilCondition(scene, /model/);
  await sleep(3000);
  const left = (await cluster.list(inferenceServices, modelNamespace)).length;
  scene.check('an empty folder is refused, and wipes nothing', left === 2 ? [] : [`${left} are left: ${message}`]);
  await repository.commit({ [note]: undefined, ...toFiles(model) }, 'wisdom: the model again');
  await scene.stack.refresh('wisdom');
  await scene.untilMirrorIsOpen(100);
}

/** Commits elsewhere do not run the plugin. */
async function generatePaths(scene: Scene): Promise<void> {
  const { repository, argocd } = scene.stack;
  const runs = () => (argocd.plugin.tail(100_000).match(/"?finished unary call|finished streaming call/g) ?? []).length;
  const before = runs();
  await repository.commit({ 'elsewhere/notes.txt': 'text' }, 'something else');
  await scene.stack.refresh('wisdom');
  const tip = await repository.tip();
  await until('Argo CD has seen the commit', async () => (await statusOf(scene)).sync?.revision === tip);
  await sleep(1000);
  scene.equal('manifest-generate-paths: a commit elsewhere does not run the plugin', runs() - before, 0);
  const seen = new Set<string>();
  const look = setInterval(() => {
    for (const file of globSync('*/{models,.git/HEAD}', { cwd: argocd.checkouts }))
      seen.add(file.replace(/^[^/]+/, ''));
  }, 1);
  await scene.commit('wisdom: mirror 50 %', model, { mirrorPercentage: 50 });
  await scene.untilMirrored(50);
  clearInterval(look);
  scene.equal('the repository is sent to the plugin, without .git', [...seen], ['/models']);
}

/** Two Applications of one repository, one in a namespace of its own, and both kinds of diff: all are quiet. */
async function severalApplications(scene: Scene): Promise<void> {
  const { cluster, repository } = scene.stack;
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: elsewhere } });
  const others = { routing: { gateway: { create: false } } };
  await scene.deploy(model, undefined, { isServerSideDiff: true });
  await scene.deploy({ name: 'folly', ...model }, others, { isServerSideDiff: false });
  await repository.commit(toFiles({ name: 'oracle', ...model }), 'oracle: deploy');
  await scene.stack.addApplication({ name: 'oracle', path: folderOf('oracle'), namespace: elsewhere });
  await until('the namespace is taken from the Application', async () => {
    const { resources = [] } = await statusOf(scene, 'oracle');
    return resources.length > 0 && resources.every(({ namespace }) => namespace === elsewhere);
  });
  scene.check('the namespace is taken from the Application', true);
  await scene.untilMirrorIsOpen(100);
  await scene.untilMirrorIsOpen(100, 'folly');
  await until('all are Synced', async () => {
    const all = await Promise.all(['wisdom', 'folly', 'oracle'].map((name) => statusOf(scene, name)));
    return all.every(({ sync }) => sync?.status === 'Synced');
  });
  await scene.untilStatus('the mirror is in the status', ({ mirror }) => mirror?.percentage === 100);
  await scene.untilStatus('the mirror is in the status', ({ mirror }) => mirror?.percentage === 100, 'folly');
  // Nobody loads models there.
  await scene.untilStatus(
    'the candidate is in the status',
    ({ candidate }) => candidate?.state === 'Pending',
    'oracle',
  );
  await sleep(3000);
  const since = Date.now();
  const tip = await repository.tip();
  await sleep(quietMs);
  const writes = cluster
    .writes(since)
    .filter(
      ({ resource, subresource }) =>
        /^(inferenceservices|virtualservices|serviceentries|gateways)$/.test(resource) && subresource === '',
    )
    .map(
      ({ at, user, verb, resource, namespace, name }) =>
        `${at - since} ms: ${user} ${verb} ${resource} ${namespace}/${name}`,
    );
  scene.check(`${quietMs / 1000} s of quiet: nobody writes to the cluster`, writes);
  scene.equal('nor to git', await repository.tip(), tip);
  const synced = await Promise.all(
    ['wisdom', 'folly', 'oracle'].map(async (name) => (await statusOf(scene, name)).sync?.status),
  );
  scene.equal('with and without ServerSideDiff they are Synced', synced, ['Synced', 'Synced', 'Synced']);
  await scene.remove('oracle', 'folly', 'wisdom');
}

async function statusOf(scene: Scene, name = 'wisdom'): Promise<ApplicationStatus> {
  const application: ClusterObject | undefined = await scene.application(name);
  return (application?.['status'] ?? {}) as ApplicationStatus;
}

async function untilCondition(scene: Scene, pattern: RegExp): Promise<string> {
  let found = '';
  await until('the Application says what is wrong', async () => {
    const { conditions = [] } = await statusOf(scene);
    found = conditions.find(({ message }) => pattern.test(message))?.message ?? '';
    return found !== '';
  });
  return found;
}
