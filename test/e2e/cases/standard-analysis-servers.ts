import { startComparer } from '../comparer.ts';
import { verify } from '../judged.ts';
import { JudgedServers } from '../judged-servers.ts';
import type { Scene } from '../scene.ts';
import { deployJudged, judge, toModel } from '../standard-judged.ts';
import { StandardScene } from '../standard-scene.ts';

/** Candidates on real model servers, good ones and bad ones: each becomes what the tables of docs/how-it-judges.md say. */
export async function standardAnalysisServers(plain: Scene): Promise<void> {
  const scene = await StandardScene.of(plain, () => ({}));
  const servers = new JudgedServers(scene.standard.store);
  const good = [servers.onMlServer(), servers.onKServe(), servers.wobbles(), servers.jumps()];
  const bad = [servers.retrained(), servers.raises(), servers.sleeps()];
  const start = () => startComparer(scene.stack, scene.namespace);
  await deployJudged(scene, good);
  await start();
  const passing = Promise.all(good.map((candidate) => judge(scene, candidate)));
  await deployJudged(scene, bad);
  // It finds no Service that is made later.
  await start();
  for (const candidate of bad) await judge(scene, candidate);
  await passing;
  const control = servers.wobblesInVain();
  await scene.commit(`${control.name}: without the tolerance`, toModel(control), { analysis: control.analysis });
  await judge(scene, control);
  const names = [...good, ...bad].map(({ name }) => name);
  await verify(scene, ...names);
  await scene.remove(...names);
}
