import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { FakeKServe } from '../../../src/demo/fakes/kserve.ts';
import { startKubernetes } from '../../../src/demo/fakes/kubernetes/api.ts';
import { fromStatus, toWords } from '../../e2e/kserve-status.ts';
import { readTable } from '../../e2e/recorded-table.ts';

const statuses = readTable(join(import.meta.dirname, '../../../fixtures/modelmesh/statuses.md')).map(
  ([, words]) => words,
);
const loading = 'True UpToDate Loading/""';
const loaded = 'True UpToDate Loaded/""';
const updating = 'True InProgress Loaded/Loading';
const failed = 'False UpToDate FailedToLoad/"" ModelLoadFailed';
const blocked = 'True BlockedByFailedLoad Loaded/FailedToLoad ModelLoadFailed';

test('the fake writes the statuses of the real controller, in the same order', async (t) => {
  const cluster = await startKubernetes();
  t.teardown(() => cluster.close());
  const kserve = new FakeKServe(cluster, 60, ({ spec }) => JSON.stringify(spec).includes('broken'));
  t.teardown(() => kserve.stop());
  const seen: string[] = [];
  const patchStatus = cluster.patchStatus.bind(cluster);
  cluster.patchStatus = (plural, namespace, name, status) => {
    const report = fromStatus(status);
    seen.push(report === undefined ? JSON.stringify(status) : toWords(report));
    return patchStatus(plural, namespace, name, status);
  };
  const until = async (words: string) => {
    while (seen.at(-1) !== words) await sleep(10);
    return seen.splice(0);
  };
  const apply = (storageUri: string, secretKey = 'localMinIO') =>
    cluster.apply({
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: {
        namespace: 'models',
        name: 'wisdom-1',
        annotations: { 'serving.kserve.io/secretKey': secretKey },
      },
      spec: { predictor: { model: { storageUri } } },
    });
  apply('s3://models/v1');
  t.deepEqual(await until(loaded), [loading, loaded]);
  apply('s3://models/v2');
  t.deepEqual(await until(loaded), [updating, loaded]);
  apply('s3://models/broken');
  t.deepEqual(await until(blocked), [updating, blocked]);
  apply('s3://models/v2');
  t.deepEqual(await until(loaded), [loaded]);
  apply('s3://models/v2', 'otherMinIO');
  t.deepEqual(await until(loaded), [updating, loaded]);
  kserve.fall('models', 'wisdom-1');
  t.deepEqual(await until(failed), [failed]);
  kserve.recover('models', 'wisdom-1');
  t.deepEqual(await until(loaded), [loading, loaded]);
  for (const words of [loading, loaded, updating, failed, blocked]) t.true(statuses.includes(words), words);
});
