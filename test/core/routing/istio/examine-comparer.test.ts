import test from 'ava';
import { istioExaminer } from '../../../../src/core/routing/istio/examine.ts';
import type { TestObject } from './installation.ts';
import { answer, find, readInstalled, toFiles, toHealthyCluster, toModels } from './installation.ts';

const files = toFiles('{gate: None, analysis: {checks: [errors: {rate: 1%}]}}');

/** What is installed for the comparer, as far as it is examined. */
function toComparer(): TestObject[] {
  return readInstalled('model-mirror-comparer').filter(
    ({ kind, metadata }) =>
      /^(Service|DestinationRule)$/.test(kind) || metadata.name === 'model-mirror-comparer-clients',
  );
}

function examine(change: (comparer: TestObject[]) => void, of = files): string[] {
  const comparer = toComparer();
  change(comparer);
  const models = toModels(of);
  const objects = [...toHealthyCluster(of), ...comparer];
  const lists = istioExaminer.toQueries(models).map((query) => answer(objects, query));
  return istioExaminer
    .examine(models, { lists, statistics: [] })
    .map(({ code, severity, models: concerned }) => `${code} ${severity} ${concerned.map(({ name }) => name)}`);
}

const nothing = () => {};
const portOf = (objects: TestObject[]) => find(objects, 'Service', 'model-mirror-comparer').spec.ports[0];
const ruleOf = (objects: TestObject[]) => find(objects, 'DestinationRule', 'model-mirror-comparer').spec.trafficPolicy;
const unlimited = 'comparer-limit-missing error wisdom,folly';

test('an installed comparer is fine, and nobody asks for one without an analysis', (t) => {
  t.deepEqual(examine(nothing), []);
  t.deepEqual(
    examine((all) => all.splice(0), toFiles()),
    [],
  );
});

test('a comparer that is not there, or not where policies say, compares nothing', (t) => {
  const missing = ['comparer-missing error wisdom,folly'];
  t.deepEqual(
    examine((all) => all.splice(0)),
    missing,
  );
  t.deepEqual(
    examine((all) => (portOf(all).port = 81)),
    missing,
  );
  t.deepEqual(
    examine(nothing, toFiles('{gate: None, analysis: {checks: [errors: {rate: 1%}], comparer: {port: 81}}}')),
    missing,
  );
});

test('a comparer without a limit is an error: a gateway would run out of memory', (t) => {
  t.deepEqual(
    examine((all) => all.splice(all.indexOf(find(all, 'DestinationRule')), 1)),
    [unlimited],
  );
  t.deepEqual(
    examine((all) => (ruleOf(all).connectionPool.http.http2MaxRequests = 2 ** 31 - 1)),
    [unlimited],
  );
  const elsewhere = (all: TestObject[]) => (find(all, 'DestinationRule').metadata.namespace = 'models');
  t.deepEqual(examine(elsewhere), [unlimited], 'gateways ignore a rule in the namespace of a model');
});

test('samples over HTTP/1.1 are an error, and a rule may upgrade them', (t) => {
  const rename = (all: TestObject[]) => Object.assign(portOf(all), { name: 'web', appProtocol: undefined });
  t.deepEqual(examine(rename), []);
  const both = (all: TestObject[]) => {
    rename(all);
    delete ruleOf(all).connectionPool.http.h2UpgradePolicy;
  };
  t.deepEqual(examine(both), ['comparer-protocol error wisdom,folly']);
});

test('samples of any size are a warning: clients with large bodies could wait for a comparer that hangs', (t) => {
  const missing = ['body-limit-missing warning wisdom,folly'];
  t.deepEqual(
    examine((all) => all.splice(all.indexOf(find(all, 'EnvoyFilter')), 1)),
    missing,
  );
  t.deepEqual(
    examine((all) => find(all, 'EnvoyFilter').spec.configPatches.pop()),
    missing,
    'sidecars send them',
  );
});
