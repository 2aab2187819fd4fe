/** What the live routes tell a watcher to judge by, and what somebody has made of it. */
import test from 'ava';
import { toLiveRoute } from '../../../src/core/observe/live-object.ts';
import { renderApplication } from '../../../src/core/render/application.ts';
import { toMemoryTree } from '../render/memory-tree.ts';

const head = (kind: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: wisdom${kind === 'MirrorPolicy' ? '' : ', namespace: models'}}\n`;
const annotation = 'model-mirror.dev/analysis';

/** Hop 1 with its task. */
function render(): { metadata: { annotations: Record<string, string> } } {
  const tree = toMemoryTree({
    'model.yaml': `${head('Model')}spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: s3://models/v1}
  candidate: {version: v2, storageUri: s3://models/v2}
`,
    'policy.yaml': `${head('MirrorPolicy')}spec:
  gate: None
  analysis:
    noise: true
    checks:
      - errors: {rate: 1%}
      - agreement: {withinNoise: 2%, outputs: [{name: scores, abs: 0.1, top1: false}], ignore: [$.id]}
`,
  });
  const manifests: unknown[] = [];
  renderApplication(tree, {}, (rendered) => manifests.push(rendered));
  const found = manifests.flat().find((one) => JSON.stringify(one).includes(annotation));
  return structuredClone(found) as ReturnType<typeof render>;
}

function readWith(change: (task: string) => string) {
  const route = render();
  const { annotations } = route.metadata;
  annotations[annotation] = change(annotations[annotation] ?? '');
  return toLiveRoute(route).task;
}

test('a task whose rules are not those that it names is none: a verdict by easier ones would count as one by the policy', (t) => {
  t.is(readWith((task) => task)?.checks.length, 2);
  for (const [from, to] of [
    ['"limit":0.01', '"limit":1'],
    ['"confidence":0.95', '"confidence":0.01'],
    ['"minSamples":500', '"minSamples":0'],
    ['"ignore":["$.id"]', '"ignore":["$"]'],
    [/"analysis":"[^"]*"/, `"analysis":"${'0'.repeat(32)}"`],
  ] as const) {
    t.is(
      readWith((task) => task.replace(from, to)),
      undefined,
      String(from),
    );
  }
});
