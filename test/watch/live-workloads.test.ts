import test from 'ava';
import { toLiveService, toLiveWorkload } from '../../src/core/observe/live-object.ts';
import { workloads as reader } from '../../src/core/serving/standard/report.ts';
import type { LiveWorkload } from '../../src/core/serving/workload.ts';
import { LiveCache } from '../../src/watch/live-cache.ts';
import { findModels } from '../../src/watch/placement.ts';
import { toContainer, toDeployment, toEnd, toPod } from '../core/serving/standard/objects.ts';

const read = (object: object, kind: string) => toLiveWorkload(object, reader, kind) as LiveWorkload;
const crashing = toPod({ containers: [toContainer({ terminated: toEnd(1, 'Error', 'token=hunter2 refused') })] });
const placement = { models: new Map(), owners: new Map([['models/wisdom-1', 'models/wisdom']]), homes: new Map() };

test('workloads are found by the InferenceService that they name, and an event of one concerns its model', (t) => {
  const cache = new LiveCache(undefined);
  const deployment = read(toDeployment(), 'Deployment');
  const pod = read(crashing, 'Pod');
  t.deepEqual(findModels(cache.put(deployment), placement), ['models/wisdom']);
  t.deepEqual(findModels(cache.put(pod), placement), ['models/wisdom']);
  t.deepEqual(cache.workloads.get('models/wisdom-1'), [deployment, pod]);
  t.deepEqual(findModels(cache.drop('Pod', 'models', pod.name), placement), ['models/wisdom']);
  t.deepEqual(cache.workloads.get('models/wisdom-1'), [deployment]);
  t.deepEqual(findModels(cache.replace('Deployment', undefined, [])[0] as never, placement), ['models/wisdom']);
  t.is(cache.workloads.size, 0);
});

test('a workload of a version that git does not declare concerns the model that the version is labelled with', (t) => {
  const cache = new LiveCache(undefined);
  const labels = { 'app.kubernetes.io/name': 'folly' };
  cache.put(toLiveService({ metadata: { namespace: 'models', name: 'wisdom-1', uid: 'isvc-1', labels } }));
  const none = { ...placement, owners: new Map() };
  t.deepEqual(findModels(cache.put(read(toDeployment(), 'Deployment')), none), ['models/folly']);
});

test('an event that changes nothing that is kept concerns no model, nor does one of a pod that is well', (t) => {
  const cache = new LiveCache(undefined);
  cache.put(read(toDeployment(), 'Deployment'));
  const again = cache.put(read(toDeployment(), 'Deployment'));
  t.is(again.before, again.after);
  t.deepEqual(findModels(again, placement), []);
  t.deepEqual(findModels(cache.drop('Pod', 'models', 'wisdom-1-predictor-6d4cf56db6-x2k4v'), placement), []);
});

test('a Deployment and a Pod of one name are two, and a list of one kind leaves the other alone', (t) => {
  const cache = new LiveCache(undefined);
  const deployment = read(toDeployment(), 'Deployment');
  cache.put(deployment);
  cache.put({ ...read(crashing, 'Pod'), name: deployment.name });
  t.is(cache.workloads.get('models/wisdom-1')?.length, 2);
  cache.replace('Pod', 'models', []);
  t.deepEqual(cache.workloads.get('models/wisdom-1'), [deployment]);
});

test('what a server said when it ended is kept without credentials', (t) => {
  t.regex(read(crashing, 'Pod').trouble?.message ?? '', /exit code 1: token=… refused$/);
});
