import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gitEnvironment } from '../../../src/demo/fakes/git.ts';
import { folderOf, toFiles } from '../model-files.ts';
import { until } from '../program.ts';
import { program, Scene, unanswered } from '../scene.ts';
import { median, quantile, seconds } from '../statistics.ts';
import { origins, Traffic } from '../traffic.ts';
import { startWatcher, untilWatcherIsReady } from '../watcher.ts';

const branch = 'deploy';
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };
const folder = folderOf('wisdom');
const port = 8092;
/** A machine that is busy with other cases takes longer than the seconds that the figures show. */
const limitMs = 60_000;
const columns = ['pushed to main', 'in both Envoys after'];

/** People commit to main; the watcher carries that to the branch that Argo CD deploys, and commits statuses there alone. */
export async function deployBranch(plain: Scene): Promise<void> {
  const { stack } = plain;
  stack.models.loadMs = 500;
  await stack.watcher.stop();
  const watcher = startWatcher(stack.repository.url, { name: 'watcher-deploy', port }, [
    ...['--source-branch', 'main', '--branch', branch],
  ]);
  try {
    await untilWatcherIsReady(watcher, port);
    const scene = new Scene(stack, plain.report, plain.namespace, branch);
    const begun = await stack.repository.tip();
    await declare(scene);
    const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate: 20 }));
    await pushes(scene);
    await watcher.stop();
    await withoutWatcher(scene);
    const summaries = await Promise.all(traffic.map((one) => one.stop()));
    scene.check(
      'every call was answered all along',
      summaries.flatMap((summary) => unanswered(summary, 'wisdom-0')),
    );
    await compareBranches(scene, begun);
    await scene.remove('wisdom');
  } finally {
    await watcher.stop();
    stack.watcher.start();
    await untilWatcherIsReady(stack.watcher);
  }
}

async function declare(scene: Scene): Promise<void> {
  const { repository } = scene.stack;
  await repository.commit(toFiles(model), 'wisdom: deploy');
  // Argo CD would look again for what is not there yet only when it polls.
  await until('main is carried', async () => (await repository.read(`${folder}/model.yaml`, branch)) !== undefined);
  await scene.stack.addApplication({ name: 'wisdom', path: folder, branch });
  await scene.untilRoutes('calls go to wisdom-0', 'wisdom', ({ to }) => to === 'wisdom-0');
  await scene.untilMirrorIsOpen(100);
  scene.equal(
    'what is declared on main is deployed, the mirror opens, and main has no status',
    await repository.read(`${folder}/status.yaml`, 'main'),
    undefined,
  );
}

/** Nobody but the watcher asks Argo CD to look. */
async function pushes(scene: Scene): Promise<void> {
  const [shares, brakes]: [number[], number[]] = [[], []];
  for (const [i, percentage] of [50, 0, 20, 0, 80, 0, 100].entries()) {
    // The watcher looks every five seconds: pushes come at different moments of these.
    await sleep(700 * i);
    const pushed = await push(scene, percentage);
    const took = (await scene.untilMirrored(percentage === 0 ? undefined : percentage)) - pushed;
    (percentage === 0 ? brakes : shares).push(took);
    scene.row(columns, [`mirrorPercentage: ${percentage}`, seconds(took)]);
  }
  for (const [what, values] of [
    ['another share', shares],
    ['the brake (0 %)', brakes],
  ] as const) {
    scene.row(
      ['from a push to main to both Envoys', 'pushes', 'median', 'longest'],
      [what, values.length, seconds(median(values)), seconds(quantile(values, 1))],
    );
    scene.check(`${what} on main takes effect`, values.every((ms) => ms < limitMs) ? [] : ['it took too long']);
  }
}

/** As docs/deploy-branch.md says: a person carries in a clone. */
async function withoutWatcher(scene: Scene): Promise<void> {
  const { stack } = scene;
  const pushed = await push(scene, 0);
  await stack.refresh('wisdom');
  await sleep(5000);
  const route = await scene.route('outside');
  scene.equal('without the watcher a push to main deploys nothing', route?.mirrored, 100);
  scene.equal('nor is the route written to', scene.writesOf('wisdom', pushed).length, 0);
  const started = Date.now();
  const options = { cwd: stack.repository.folder, env: gitEnvironment() };
  await promisify(execFile)(process.execPath, [program, 'carry', '--push'], options);
  // As a webhook for the deploy branch would.
  await stack.refresh('wisdom');
  const closed = await scene.untilMirrored(undefined);
  scene.row(['without the watcher', 'in both Envoys after'], ['model-mirror carry --push', seconds(closed - started)]);
  scene.check('`model-mirror carry --push` deploys it: the mirror closes', closed - started < limitMs);
}

async function compareBranches(scene: Scene, begun: string): Promise<void> {
  const { repository } = scene.stack;
  const authors = async (range: string) =>
    [...new Set((await repository.log(50, range)).map(({ author }) => author))].toSorted();
  scene.equal('only the person has committed to main', await authors(`${begun}..main`), ['Tester']);
  scene.equal('on deploy the watcher has committed, and whoever carried', await authors(`main..${branch}`), [
    'Tester',
    'model-mirror watcher',
  ]);
  const paths = await repository.differences('main', branch);
  scene.check('the branches differ in status files and their page alone', [
    ...(paths.includes(`${folder}/status.yaml`) ? [] : ['deploy has no status of the model']),
    ...paths.filter((path) => !/(^|\/)(status\.yaml|STATUS\.md)$/.test(path)),
  ]);
}

function push(scene: Scene, percentage: number): Promise<number> {
  return scene.stack.repository.commit(toFiles(model, { mirrorPercentage: percentage }), `wisdom: ${percentage} %`);
}
