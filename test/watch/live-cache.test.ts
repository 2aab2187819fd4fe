import test from 'ava';
import { toKinds } from '../../src/io/kubernetes/object-lists.ts';
import { LiveCache } from '../../src/watch/live-cache.ts';
import { loaded, loading, toRoute } from '../core/observe/live-objects.ts';
import { inNamespace, toServices } from './declared.ts';

test('a change has the object before and after', (t) => {
  const cache = new LiveCache(undefined);
  const before = toRoute('a', { path: 'a' });
  const after = toRoute('a', { path: 'b' });
  const change = { is: 'route', kind: 'VirtualService', key: 'models/a' };
  t.deepEqual(cache.put(before), { ...change, before: undefined, after: before });
  t.deepEqual(cache.put(after), { ...change, before, after });
  t.deepEqual(cache.drop('VirtualService', 'models', 'a'), { ...change, before: after, after: undefined });
  t.deepEqual(cache.drop('VirtualService', 'models', 'a'), { ...change, before: undefined, after: undefined });
  t.is(cache.routes.size, 0);
});

test('an InferenceService is followed from one state to the next', (t) => {
  const cache = new LiveCache(undefined);
  const [, first] = toServices('a', loaded);
  const [, second] = toServices('a', loaded, 'd3');
  if (first === undefined || second === undefined) return t.fail();
  cache.put(first);
  cache.put({ ...second, statusIsLater: false } as typeof second);
  t.is(cache.services.get('models/a-1')?.statusOf, (first as { loads?: string }).loads, 'KServe has written nothing');
  cache.drop('InferenceService', 'models', 'a-1');
  cache.put(second);
  return t.is(cache.services.get('models/a-1')?.statusOf, (second as { loads?: string }).loads);
});

test('a list replaces the objects of its namespace, and of no other', (t) => {
  const cache = new LiveCache(['models', 'zoo']);
  const [a, b] = toServices('a', loading);
  if (a === undefined || b === undefined) return t.fail();
  const elsewhere = inNamespace(a, 'zoo');
  for (const live of [a, b, elsewhere, toRoute('a')]) cache.put(live);
  const changes = cache.replace('InferenceService', 'models', [b]);
  t.deepEqual(
    changes.map(({ key, after }) => `${key} ${after === undefined ? 'gone' : 'there'}`),
    ['models/a-1 there', 'models/a-0 gone'],
  );
  t.deepEqual([...cache.services.keys()], ['models/a-1', 'zoo/a-0']);
  t.deepEqual([...cache.routes.keys()], ['models/a']);
  cache.replace('InferenceService', undefined, []);
  return t.is(cache.services.size, 0);
});

const kinds = toKinds(undefined).map(({ kind }) => kind);

test('the cache is complete once all kinds were listed in each namespace', (t) => {
  const [last, ...others] = kinds;
  if (last === undefined) return t.fail();
  const all = new LiveCache(undefined);
  for (const kind of [...others, ...others]) all.replace(kind, undefined, []);
  t.false(all.isComplete);
  all.replace(last, undefined, []);
  t.true(all.isComplete);
  const two = new LiveCache(['models', 'zoo']);
  for (const kind of kinds) two.replace(kind, 'models', []);
  t.false(two.isComplete);
  for (const kind of kinds) two.replace(kind, 'zoo', []);
  return t.true(two.isComplete);
});
