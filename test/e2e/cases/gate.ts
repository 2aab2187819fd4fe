import { setTimeout as sleep } from 'node:timers/promises';
import { modelNamespace } from '../pods.ts';
import type { Scene } from '../scene.ts';
import { callsOf } from '../scene.ts';
import { seconds } from '../statistics.ts';
import { origins, Traffic } from '../traffic.ts';

const columns = ['what happens', 'mirror', 'after'];
const model = { primary: { version: 'v1' }, candidate: { version: 'v2' } };

/** The mirror is open while this very candidate is ready, and at no other time. */
export async function gate(scene: Scene): Promise<void> {
  const { models } = scene.stack;
  models.loadMs = 500;
  await scene.deploy(model);
  await scene.untilMirrorIsOpen(100);
  await sick(scene);
  await flapping(scene);
  await redeployed(scene);
  await staleReady(scene);
  await scene.remove('wisdom');
}

async function sick(scene: Scene): Promise<void> {
  const { controller } = scene.stack.models;
  const fallen = Date.now();
  controller.fall(modelNamespace, 'wisdom-1');
  const closed = await scene.untilMirrored(undefined);
  scene.row(columns, ['the candidate falls sick', 'closes', seconds(closed - fallen)]);
  scene.equal('a commit reports it', await subject(scene, /candidate v2/), true);
  const { summary, counts } = await scene.send({ origin: 'outside', model: 'wisdom', calls: 200 });
  scene.equal('nothing reaches the sick candidate', [callsOf(counts, 'wisdom-1'), summary.answered], [0, 200]);
  const recovered = Date.now();
  controller.recover(modelNamespace, 'wisdom-1');
  const opened = await scene.untilMirrorIsOpen(100);
  scene.row(columns, ['it recovers', 'opens', seconds(opened - recovered)]);
}

async function flapping(scene: Scene): Promise<void> {
  const { controller } = scene.stack.models;
  await scene.untilStatus('git tells that the mirror is open', ({ mirror }) => mirror?.percentage === 100);
  const since = Date.now();
  const tip = await scene.stack.repository.tip();
  for (let i = 0; i < 4; i++) {
    controller.fall(modelNamespace, 'wisdom-1');
    await sleep(700);
    controller.recover(modelNamespace, 'wisdom-1');
    await sleep(1300);
  }
  await sleep(6000);
  scene.equal('flapping for less than --settle commits nothing', await scene.stack.repository.tip(), tip);
  scene.equal('and writes nothing to the route', scene.writesOf('wisdom', since).length, 0);
  scene.row(columns, ['it flaps four times within --settle', 'stays open', '–']);
}

/** Another storageUri under the same name: closed until that one is ready. */
async function redeployed(scene: Scene): Promise<void> {
  scene.stack.models.loadMs = 9000;
  const digest = (await scene.status())?.candidate?.digest;
  const traffic = origins.map((origin) => new Traffic({ origin, model: 'wisdom', rate: 20 }));
  const another = { ...model, candidate: { version: 'v2', uri: 's3://models/wisdom/v2-again' } };
  const refreshed = await scene.commit('wisdom: v2 from another place', another);
  const closed = await scene.untilMirrored(undefined);
  scene.row(columns, ['it is redeployed with another storageUri', 'closes', seconds(closed - refreshed)]);
  await scene.untilStatus(
    'the new digest is ready',
    ({ candidate }) => candidate?.digest !== digest && candidate?.state === 'Ready',
  );
  const opened = await scene.untilMirrored(100);
  scene.row(columns, ['the new one is ready', 'opens', seconds(opened - refreshed)]);
  scene.check(
    'it was closed for as long as the new one took to load',
    opened - closed >= 3000 ? [] : [`it was closed for ${seconds(opened - closed)} only`],
  );
  await Promise.all(traffic.map((one) => one.stop()));
}

/** KServe has not looked yet: its Ready is the old spec's. */
async function staleReady(scene: Scene): Promise<void> {
  const { models } = scene.stack;
  models.loadMs = 500;
  const since = Date.now();
  await models.controller.stop();
  const third = { ...model, candidate: { version: 'v3' } };
  await scene.commit('wisdom: candidate v3', third);
  await scene.untilMirrored(undefined);
  await sleep(8000);
  const status = await scene.status();
  scene.check(
    'a Ready from before the new spec opens nothing',
    status?.candidate?.version === 'v3' && status.candidate.state !== 'Ready' ? [] : [JSON.stringify(status)],
  );
  scene.equal('nor is the route written to', openings(scene, since), 0);
  scene.row(columns, ['a new spec while KServe is away, Ready as before', 'stays closed', '–']);
  models.controller.start();
  await scene.untilMirrorIsOpen(100);
  scene.row(columns, ['KServe is back and loads it', 'opens', '–']);
}

function openings(scene: Scene, since: number): number {
  return scene.writesOf('wisdom', since).filter(({ body }) => JSON.stringify(body).includes('"mirrorPercentage"'))
    .length;
}

async function subject(scene: Scene, pattern: RegExp): Promise<boolean> {
  const [newest] = await scene.stack.repository.log(1);
  return pattern.test(newest?.subject ?? '');
}
