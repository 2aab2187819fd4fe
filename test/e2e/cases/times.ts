import { setTimeout as sleep } from 'node:timers/promises';
import { folderOf, toFiles } from '../model-files.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { median, quantile, seconds } from '../statistics.ts';

const rounds = 10;
const columns = ['from', 'to', 'rounds', 'median', 'shortest', 'longest'];
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const pollLimitMs = 600_000;

/** How long each way takes, from a commit and from the candidate's readiness. */
export async function times(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 500;
  await refreshed(scene);
  await ready(scene);
  await scene.remove('wisdom');
  await pollForChanges(scene);
}

/** A person's commit, and Argo CD asked to look as a webhook would. */
async function refreshed(scene: Scene): Promise<void> {
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  const [patched, routed]: [number[], number[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    const percentage = i + 1;
    const committed = await scene.stack.repository.commit(
      toFiles(model, { mirrorPercentage: percentage }),
      `wisdom: ${percentage} %`,
    );
    await scene.stack.refresh('wisdom');
    routed.push((await scene.untilMirrored(percentage)) - committed);
    patched.push((firstWrite(scene, 'wisdom', committed) ?? Number.NaN) - committed);
    // The watcher tells of the mirror in a commit of its own.
    await scene.untilStatus('git tells of it', ({ mirror }) => mirror?.percentage === percentage);
    await sleep(1500);
  }
  show(scene, 'a commit, with a refresh as by a webhook', 'Argo CD has patched the VirtualService', patched);
  show(scene, 'a commit, with a refresh as by a webhook', 'both Envoys have the route', routed);
}

/** The candidate gets ready: the watcher commits, and asks Argo CD to look. */
async function ready(scene: Scene): Promise<void> {
  const { controller } = scene.stack.models;
  await scene.commit('wisdom: mirror everything', model);
  await scene.untilMirrored(100);
  const [committed, patched, routed]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < rounds; i++) {
    controller.fall(modelNamespace, 'wisdom-1');
    await scene.untilStatus('it is sick', ({ candidate }) => candidate?.state !== 'Ready');
    await scene.untilMirrored(undefined);
    await sleep(2000);
    const since = Date.now();
    controller.recover(modelNamespace, 'wisdom-1');
    await scene.untilStatus('it is ready', ({ candidate }) => candidate?.state === 'Ready');
    committed.push(Date.now());
    const isReady = readySince(scene, since);
    committed[i] = (committed[i] ?? 0) - isReady;
    routed.push((await scene.untilMirrored(100)) - isReady);
    patched.push((firstWrite(scene, 'wisdom', isReady) ?? Number.NaN) - isReady);
    await sleep(1500);
  }
  show(scene, 'the candidate is ready', 'the status commit is pushed', committed);
  show(scene, 'the candidate is ready, with --argocd-refresh', 'Argo CD has patched the VirtualService', patched);
  show(scene, 'the candidate is ready, with --argocd-refresh', 'the mirror is open in both Envoys', routed);
}

/** No webhook tells Argo CD of people's commits: as many Applications as rounds, and one commit for all of them. */
async function pollForChanges(scene: Scene): Promise<void> {
  const { repository } = scene.stack;
  const names = Array.from({ length: rounds }, (_, i) => `polled-${i}`);
  const policy = { gate: 'None', routing: { gateway: { create: false } } };
  const files = (percentage: number) =>
    Object.assign({}, ...names.map((name) => toFiles({ name, ...model }, { ...policy, mirrorPercentage: percentage })));
  await repository.commit(files(100), 'ten models');
  for (const name of names) await scene.stack.addApplication({ name, path: folderOf(name) });
  const isPatched = (name: string, since: number) => firstWrite(scene, name, since) !== undefined;
  await until('all are there', () => names.every((name) => isPatched(name, 0)), 120_000);
  // Their watcher asks Argo CD to look as long as their statuses change.
  await until('their statuses are committed', async () => {
    const statuses = await Promise.all(names.map((name) => scene.status(name)));
    return statuses.every((status) => status?.candidate?.state === 'Ready' && status.mirror?.percentage === 100);
  });
  const measure = async (percentage: number, how: string) => {
    await sleep(5000);
    const committed = await repository.commit(files(percentage), `ten models: ${percentage} %`);
    await until('all are patched', () => names.every((name) => isPatched(name, committed)), pollLimitMs);
    const patched = names.map((name) => (firstWrite(scene, name, committed) ?? Number.NaN) - committed);
    show(scene, `a commit, ${how}`, 'Argo CD has patched the VirtualService', patched);
  };
  await measure(50, 'no webhook, but a watcher with --argocd-refresh, which looks at git every 30 s');
  await scene.stack.watcher.stop();
  await measure(25, 'by polling as Argo CD ships');
  scene.stack.watcher.start();
  await scene.remove(...names);
}

function firstWrite(scene: Scene, name: string, since: number): number | undefined {
  return scene.writesOf(name, since)[0]?.at;
}

/** When the API server took KServe's word that the candidate is ready. */
function readySince(scene: Scene, since: number): number {
  const write = scene.stack.cluster
    .writes(since)
    .find(
      ({ resource, name, subresource, body }) =>
        resource === 'inferenceservices' &&
        name === 'wisdom-1' &&
        subresource === 'status' &&
        /"activeModelState":"Loaded"/.test(JSON.stringify(body)) &&
        /"type":"Ready","status":"True"|"status":"True","type":"Ready"/.test(JSON.stringify(body)),
    );
  return write?.at ?? Number.NaN;
}

function show(scene: Scene, from: string, to: string, values: readonly number[]): void {
  scene.row(columns, [
    ...[from, to, values.length, seconds(median(values))],
    ...[seconds(quantile(values, 0)), seconds(quantile(values, 1))],
  ]);
  scene.check(`${from} → ${to}`, values.every(Number.isFinite) ? [] : ['it was not seen each time']);
}
