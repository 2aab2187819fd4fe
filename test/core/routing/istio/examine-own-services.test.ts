import test from 'ava';
import { istioExaminer } from '../../../../src/core/routing/istio/examine.ts';
import type { TestObject } from './installation.ts';
import { answer, find, toHealthyCluster, toModels, toPod } from './installation.ts';

const files = {
  'wisdom/model.yaml': `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: models}
spec:
  protocols: [rest, grpc]
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: Standard}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: s3://models/wisdom/v1}
  candidate: {version: v2, storageUri: s3://models/wisdom/v2}
`,
};
const pods = ['wisdom-0', 'wisdom-1'].map((name) => toPod(name, 'models', { app: `isvc.${name}-predictor` }));
const healthy = () => structuredClone([...toHealthyCluster(files), ...pods]);

function examine(change: (all: TestObject[]) => void) {
  const objects = healthy();
  change(objects);
  const models = toModels(files);
  const lists = istioExaminer.toQueries(models).map((query) => answer(objects, query));
  return istioExaminer
    .examine(models, { lists, statistics: [] })
    .filter(({ code }) => code.startsWith('own-'))
    .map(({ code, severity, subject }) => [code, severity, subject.code === 'object' ? subject.name : '']);
}

const remove = (all: TestObject[], kind: string, name: string) =>
  void all.splice(all.indexOf(find(all, kind, name)), 1);

test('nothing is wrong with Services that are as they are rendered, with a ready Pod each', (t) => {
  t.deepEqual(
    examine((all) => {
      // As the API server fills in.
      const { spec } = find(all, 'Service', 'wisdom-0-backend');
      Object.assign(spec, { clusterIP: '10.0.0.1', sessionAffinity: 'None' });
    }),
    [],
  );
});

test('a Service of somebody else that is called like the model, or like a version’s, is reported before it is taken over', (t) => {
  for (const name of ['wisdom', 'wisdom-1-backend'])
    t.deepEqual(
      examine((all) => {
        const service = find(all, 'Service', name);
        service.metadata.labels = { app: 'shop' };
        service.spec.selector = { app: 'shop' };
      }),
      [['own-service-taken', 'error', name]],
    );
  // Another model's, as after a rename.
  t.deepEqual(
    examine((all) => {
      find(all, 'Service', 'wisdom').metadata.labels = {
        'app.kubernetes.io/managed-by': 'model-mirror',
        'app.kubernetes.io/name': 'folly',
      };
    }),
    [['own-service-taken', 'error', 'wisdom']],
  );
});

test('a Service that does not exist, leads elsewhere, or has no ready Pod, is reported', (t) => {
  t.deepEqual(
    examine((all) => remove(all, 'Service', 'wisdom-1-backend')),
    [['own-service-missing', 'warning', 'wisdom-1-backend']],
  );
  const changes: readonly ((spec: NonNullable<TestObject['spec']>) => void)[] = [
    (spec) => Object.assign(spec, { selector: { app: 'isvc.wisdom-1-predictor' } }),
    (spec) => spec.ports.pop(),
    (spec) => Object.assign(spec.ports[0], { targetPort: 1 }),
    (spec) => void delete spec.ports[1].appProtocol,
    (spec) => Object.assign(spec.ports[0], { name: 'tcp' }),
  ];
  for (const change of changes)
    t.deepEqual(
      examine((all) => change(find(all, 'Service', 'wisdom-0-backend').spec)),
      [['own-service-changed', 'error', 'wisdom-0-backend']],
    );
  t.deepEqual(
    examine((all) => remove(all, 'Pod', 'wisdom-1')),
    [['own-service-without-pod', 'warning', 'wisdom-1-backend']],
  );
  t.deepEqual(
    examine((all) => {
      find(all, 'Pod', 'wisdom-1')['status'] = { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] };
    }),
    [['own-service-without-pod', 'warning', 'wisdom-1-backend']],
  );
});
