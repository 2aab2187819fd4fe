import type { SceneOptions } from './compare-scene.ts';
import { CompareScene, toStandardTraffic, toTask } from './compare-scene.ts';
import type { AnswerHttp } from './model-servers.ts';
import { json, startHttpModel } from './model-servers.ts';

export const answerOf = (value: unknown): AnswerHttp =>
  json({ model_name: 'wisdom', outputs: [{ name: 'y', shape: [1], datatype: 'FP32', data: [value] }] });

/** A model in Standard mode whose versions answer as a test wants it. */
export async function startStandard(
  t: { readonly teardown: (end: () => unknown) => void },
  options: SceneOptions = {},
  task = toTask('wisdom'),
) {
  const now: { primary: AnswerHttp; candidate: AnswerHttp } = { primary: answerOf(1), candidate: answerOf(1) };
  const primary = await startHttpModel('wisdom-0', () => now.primary);
  const candidate = await startHttpModel('wisdom-1', () => now.candidate);
  const scene = await CompareScene.start(options);
  t.teardown(async () => {
    scene.close();
    await Promise.all([primary.close(), candidate.close()]);
  });
  const traffic = toStandardTraffic('wisdom', { primary: primary.port, candidate: candidate.port }, task);
  scene.add(traffic);
  return { now, primary, candidate, scene, traffic };
}
