import { startComparer } from '../comparer.ts';
import type { Expected } from '../judged.ts';
import { becomes, verify } from '../judged.ts';
import type { Scene } from '../scene.ts';
import { callsOf, unanswered } from '../scene.ts';
import { origins, Traffic } from '../traffic.ts';

/** Of each side. */
const rate = 20;
const checks = [{ errors: { candidateOnly: '2%' } }, { agreement: { atLeast: '98%' } }];

interface MeshCandidate extends Pick<Expected, 'what' | 'verdict' | 'by'> {
  readonly name: string;
}

const good: MeshCandidate = { name: 'sound', what: 'is as good', verdict: 'Passing' };
const bad: MeshCandidate = {
  ...{ name: 'unsound', what: 'answers UNAVAILABLE', verdict: 'Failing' },
  by: { check: 'errors.candidateOnly', bad: 1 },
};

/** All versions have one address, and the comparer names each of them as the routes do. */
export async function modelMeshAnalysis(scene: Scene): Promise<void> {
  const { stack } = scene;
  stack.models.loadMs = 300;
  const both = [good, bad];
  for (const { name } of both) {
    const model = { name, primary: { version: 'v1' }, candidate: { version: 'v2' } };
    await scene.deploy(model, { analysis: { share: 100, minSamples: 200, checks } });
    await scene.untilMirrorIsOpen(100, name);
  }
  await stack.models.disturb(`${bad.name}-1`, 'failing');
  await startComparer(stack, scene.namespace);
  await scene.resetCounts();
  await Promise.all(both.map((candidate) => judge(scene, candidate)));
  await verify(scene, ...both.map(({ name }) => name));
  await stack.models.heal(`${bad.name}-1`);
  await scene.remove(...both.map(({ name }) => name));
}

function judge(scene: Scene, { name, ...expected }: MeshCandidate) {
  return becomes(scene, {
    ...expected,
    model: name,
    call: async () => origins.map((origin) => new Traffic({ origin, model: name, rate })),
    countCopies: async () => callsOf((await scene.stack.modelmesh.report()).counts, `${name}-1`),
    findOthers: (summary) => unanswered(summary, `${name}-0`),
  });
}
