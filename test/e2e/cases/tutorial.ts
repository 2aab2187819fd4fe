import { setTimeout as sleep } from 'node:timers/promises';
import { inferenceServices, virtualServices } from '../cluster.ts';
import { modelNamespace } from '../pods.ts';
import { until } from '../program.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { binomialBounds } from '../statistics.ts';
import { origins } from '../traffic.ts';

const columns = ['step', 'from', 'calls', 'at the primary', 'at the candidate', 'dropped'];

/** The tutorial: each step is a commit, made by our own commands where there is one. */
export async function tutorial(scene: Scene): Promise<void> {
  const { models, repository } = scene.stack;
  models.loadMs = 1000;
  const v1 = { version: 'v1' };
  const uri = (model: string, version: string) => ['--storage-uri', `s3://models/${model}/${version}`];

  await scene.deploy({ primary: v1 });
  await expectCalls(scene, 'the first primary', 'wisdom', ['wisdom-0', 'wisdom-1'], 0);

  // Until both sides have sent their calls.
  models.loadMs = 15_000;
  const declared = await scene.edit('wisdom', 'candidate', 'set', 'wisdom', '--version', 'v2', ...uri('wisdom', 'v2'));
  await scene.untilStatus('the candidate is loading', ({ candidate }) => candidate?.state === 'Loading');
  await expectCalls(scene, 'the candidate is loading', 'wisdom', ['wisdom-0', 'wisdom-1'], 0, 200);
  models.loadMs = 1000;
  await scene.untilMirrorIsOpen(100);
  scene.check(
    'the mirror was opened after git said that the candidate is ready',
    await openedTooEarly(scene, declared),
  );
  await expectCalls(scene, 'the candidate is ready', 'wisdom', ['wisdom-0', 'wisdom-1'], 100);

  await scene.edit('wisdom', 'mirror', 'wisdom', '20', '--here');
  await scene.untilMirrored(20);
  await expectCalls(scene, 'a policy of 20 %', 'wisdom', ['wisdom-0', 'wisdom-1'], 20);

  await scene.edit('wisdom', 'discard', 'wisdom');
  await scene.untilMirrored(undefined);
  await until('the candidate is gone', async () => !(await hasService(scene, 'wisdom-1')));
  await expectCalls(scene, 'the candidate is discarded', 'wisdom', ['wisdom-0', 'wisdom-1'], 0);

  await scene.edit('wisdom', 'candidate', 'set', 'wisdom', '--version', 'v3', ...uri('wisdom', 'v3'));
  await scene.untilMirrorIsOpen(20);
  await expectCalls(scene, 'another candidate: still 20 %', 'wisdom', ['wisdom-0', 'wisdom-1'], 20);

  await scene.edit('wisdom', 'promote', 'wisdom');
  await scene.untilMirrored(undefined);
  await scene.untilStatus(
    'v3 is the primary and ready',
    ({ primary, candidate }) => candidate === undefined && primary?.version === 'v3' && primary.state === 'Ready',
  );
  await expectCalls(scene, 'v3 is promoted', 'wisdom', ['wisdom-0', 'wisdom-1'], 0);

  await scene.remove('wisdom');
  await scene.deploy({ name: 'oracle', primary: { ...v1, name: 'delphi' } });
  await scene.edit(
    'oracle',
    'candidate',
    'set',
    'oracle',
    '--version',
    'v2',
    '--name',
    'dodona',
    ...uri('oracle', 'v2'),
  );
  await scene.untilMirrorIsOpen(100, 'oracle');
  await expectCalls(scene, 'names of one’s own choice', 'oracle', ['delphi', 'dodona'], 100);

  await scene.remove('oracle');
  await until('no status is left in git', async () => (await scene.status('oracle')) === undefined);
  scene.equal(
    'nothing is left in git',
    [await scene.status('wisdom'), await scene.status('oracle')],
    [undefined, undefined],
  );
  for (const origin of origins) {
    await until(`no route is left: ${origin}`, async () => (await scene.route(origin, 'oracle')) === undefined);
    scene.equal(
      `nothing is left in the mesh (${origin})`,
      [await scene.route(origin), await scene.route(origin, 'oracle')],
      [undefined, undefined],
    );
  }
  await sleep(3000);
  const left = [
    ...(await scene.stack.cluster.list(inferenceServices, modelNamespace)),
    ...(await scene.stack.cluster.list(virtualServices, modelNamespace)),
  ].map(({ metadata }) => metadata.name);
  scene.equal('nothing is left in the cluster', left, []);
  const page = await repository.read('STATUS.md');
  scene.check('nor on the page', /wisdom|oracle/.test(page ?? '') ? [page ?? ''] : []);
}

/** Calls from both sides: all are answered by the primary, and the share of them is at the candidate. */
async function expectCalls(
  scene: Scene,
  step: string,
  model: string,
  [primary, candidate]: readonly [string, string],
  percentage: number,
  calls = 600,
): Promise<void> {
  for (const origin of origins) {
    const { summary, counts, dropped } = await scene.send({ origin, model, calls, rate: 200 });
    const [atPrimary, atCandidate] = [callsOf(counts, primary), callsOf(counts, candidate)];
    scene.row(columns, [step, origin, calls, atPrimary, atCandidate, dropped]);
    const [low, high] = binomialBounds(calls, percentage);
    scene.check(`${step}, ${origin}`, [
      ...unanswered(summary, primary),
      ...(atPrimary === calls ? [] : [`the primary got ${atPrimary} of ${calls}`]),
      ...(low <= atCandidate + dropped && atCandidate + dropped <= high
        ? []
        : [`of ${atCandidate + dropped} copies the candidate got ${atCandidate}; there should be ${low} to ${high}`]),
    ]);
  }
}

async function hasService(scene: Scene, name: string): Promise<boolean> {
  return (await scene.stack.cluster.find(inferenceServices, modelNamespace, name)) !== undefined;
}

/** The writes that mirror before the first commit that says Ready. */
async function openedTooEarly(scene: Scene, since: number): Promise<string[]> {
  const all = await scene.statusHistory();
  const ready = all
    .filter(({ status }) => status?.candidate?.version === 'v2' && status.candidate.state === 'Ready')
    .at(-1);
  if (ready === undefined) return ['no commit says that the candidate is ready'];
  return scene
    .writesOf('wisdom', since)
    .filter(({ body, at }) => JSON.stringify(body).includes('"mirror":') && at < ready.at)
    .map(({ at }) => `it was opened ${ready.at - at} ms too early`);
}
