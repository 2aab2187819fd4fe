import test from 'ava';
import type { Live } from '../../src/core/observe/live-object.ts';
import type { BranchContent } from '../../src/watch/branch-files.ts';
import type { LiveChange } from '../../src/watch/live-cache.ts';
import { LiveCache } from '../../src/watch/live-cache.ts';
import type { Placement, WatchScope } from '../../src/watch/placement.ts';
import { emptyPlacement, findModels, isUnexpected, movesModels, placeModels } from '../../src/watch/placement.ts';
import { loaded, loading, toRoute } from '../core/observe/live-objects.ts';
import { declare, inNamespace, toCache, toServices } from './declared.ts';
import { toModelText } from './watch-scene.ts';

const everywhere: WatchScope = { path: '.', namespaces: undefined };
/** A model that names no namespace. */
const openModelText = (name: string) => toModelText(name).replace(', namespace: models', '');
const routeOf = (model: string, namespace = 'models') => inNamespace(toRoute(model, { path: model }), namespace);
const toStatusFile = (name: string, namespace: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: ModelStatus\nmetadata: {name: ${name}, namespace: ${namespace}}\nstatus: {}\n`;

function place(
  declared: BranchContent,
  objects: readonly Live[],
  { scope = everywhere, before = emptyPlacement }: { scope?: WatchScope; before?: Placement } = {},
) {
  const { placement, warnings } = placeModels(declared, toCache(...objects), scope, before);
  const places = Object.fromEntries([...placement.models].map(([key, { model }]) => [key, model.file]));
  return { placement, places, warnings };
}

for (const [title, files, objects, expected] of [
  ['the namespace of its file', { 'a/model.yaml': toModelText('a') }, [routeOf('a')], 'models/a'],
  ['the namespace of its VirtualService', { 'a/model.yaml': openModelText('a') }, [routeOf('a', 'zoo')], 'zoo/a'],
  [
    'the namespace of its status file, although it is claimed from another',
    { 'a/model.yaml': openModelText('a'), 'a/status.yaml': toStatusFile('a', 'zoo') },
    [routeOf('a')],
    'zoo/a',
  ],
  [
    'the namespace of its status file, without any object',
    { 'a/model.yaml': openModelText('a'), 'a/status.yaml': toStatusFile('a', 'zoo') },
    [],
    'zoo/a',
  ],
  [
    'the namespace of its file, by its status file alone',
    { 'a/model.yaml': toModelText('a'), 'a/status.yaml': toStatusFile('a', 'models') },
    [],
    'models/a',
  ],
  [
    'the namespace of its file, by an InferenceService alone',
    { 'a/model.yaml': toModelText('a') },
    toServices('a', loading),
    'models/a',
  ],
  ['no namespace without any object', { 'a/model.yaml': toModelText('a') }, [], undefined],
  [
    'no namespace by InferenceServices that name another model',
    { 'a/model.yaml': toModelText('a') },
    toServices('a', loading).map((live) => ({ ...live, model: 'b' })),
    undefined,
  ],
  [
    'no namespace by the status file of another model',
    { 'a/model.yaml': toModelText('a'), 'a/status.yaml': toStatusFile('b', 'models') },
    [],
    undefined,
  ],
  [
    'no namespace by InferenceServices when it names none',
    { 'a/model.yaml': openModelText('a') },
    toServices('a', loading),
    undefined,
  ],
] as const)
  test(`a model is placed in ${title}`, async (t) => {
    const { places } = place(await declare(files), objects as readonly Live[]);
    t.deepEqual(places, expected === undefined ? {} : { [expected]: 'a/model.yaml' });
  });

test('of models with one name, the one is placed whose folder the VirtualService names', async (t) => {
  const text = toModelText('a');
  const declared = await declare({ 'prod/model.yaml': text, 'staging/model.yaml': text });
  const objects = [...toServices('a', loaded), toRoute('a', { path: 'staging' })];
  t.deepEqual(place(declared, objects).places, { 'models/a': 'staging/model.yaml' });
});

test('of models with one name in one folder, the one is claimed that names the namespace', async (t) => {
  const declared = await declare({
    'a/open.model.yaml': openModelText('a'),
    'a/named.model.yaml': toModelText('a'),
  });
  const routes = [toRoute('a', { path: 'a' }), inNamespace(toRoute('a', { path: 'a' }), 'zoo')];
  t.deepEqual(place(declared, routes).places, { 'zoo/a': 'a/open.model.yaml', 'models/a': 'a/named.model.yaml' });
});

test('a claim from another namespace than git names is ignored and reported', async (t) => {
  for (const files of [
    { 'a/model.yaml': toModelText('a') },
    { 'a/model.yaml': openModelText('a'), 'a/status.yaml': toStatusFile('a', 'models') },
  ]) {
    const { places, warnings } = place(await declare(files), [routeOf('a'), routeOf('a', 'a-neighbour')]);
    t.deepEqual(places, { 'models/a': 'a/model.yaml' });
    t.is(warnings.length, 1);
    t.regex(warnings[0] ?? '', /^the route a-neighbour\/a claims the model of "a", .* the namespace models/);
  }
});

test('two claims to a model of which git names no namespace: neither is taken, in whatever order they come', async (t) => {
  const declared = await declare({ 'a/model.yaml': openModelText('a') });
  const routes = [routeOf('a'), routeOf('a', 'a-neighbour')];
  const first = place(declared, routes);
  const second = place(declared, routes.toReversed());
  t.deepEqual(first.places, {});
  t.regex(first.warnings[0] ?? '', /^2 routes claim the model of "a": a-neighbour\/a, models\/a\./);
  t.deepEqual(second.warnings, first.warnings);
});

test('a VirtualService that names a folder without its model is reported, unless the folder is another watcher’s', async (t) => {
  const declared = await declare({ 'team/a/model.yaml': toModelText('a') });
  const report = (path: string, scope: WatchScope) =>
    place(declared, [toRoute('a', { path })], { scope }).warnings.length;
  t.is(report('team/b', everywhere), 1);
  t.is(report('team/b', { ...everywhere, path: 'team' }), 1);
  t.is(report('teams/b', { ...everywhere, path: 'team' }), 0);
});

test('a model outside the namespaces, or claimed from outside the path, is another watcher’s', async (t) => {
  const declared = await declare({ 'a/model.yaml': openModelText('a') });
  const at = (scope: Partial<WatchScope>) =>
    Object.keys(place(declared, [routeOf('a')], { scope: { ...everywhere, ...scope } }).places);
  t.deepEqual(at({ namespaces: ['zoo', 'models'] }), ['models/a']);
  t.deepEqual(at({ namespaces: ['zoo'] }), []);
  t.deepEqual(at({ path: 'b' }), []);
});

test('a model stays in the namespace of its status file while that cannot be read, and moves when it is removed', async (t) => {
  const model = { 'a/model.yaml': openModelText('a') };
  const routes = [routeOf('a'), routeOf('a', 'zoo')];
  const before = place(await declare({ ...model, 'a/status.yaml': toStatusFile('a', 'models') }), routes).placement;
  const broken = place(await declare({ ...model, 'a/status.yaml': 'status: [' }), routes, { before });
  t.deepEqual(Object.keys(broken.places), ['models/a']);
  const removed = place(await declare(model), [routeOf('a', 'zoo')], { before: broken.placement });
  t.deepEqual(Object.keys(removed.places), ['zoo/a']);
});

test('a model without a VirtualService is not placed where another model of its name is claimed', async (t) => {
  const text = toModelText('a');
  const declared = await declare({
    'staging/model.yaml': text,
    'staging/status.yaml': toStatusFile('a', 'models'),
    'prod/model.yaml': text,
  });
  t.deepEqual(place(declared, [toRoute('a', { path: 'prod' })]).places, { 'models/a': 'prod/model.yaml' });
});

const [primary, candidate] = toServices('a', loaded) as [Live & { is: 'version' }, Live];

/** What the cache makes of one event. */
function toChange(before: Live | undefined, after: Live | undefined): LiveChange {
  const cache = new LiveCache(undefined);
  if (before !== undefined) cache.put(before);
  if (after !== undefined) return cache.put(after);
  const { kind, namespace, name } = before ?? primary;
  return cache.drop(kind, namespace, name);
}

test('a change concerns the models that the object names, named before, or is declared by', async (t) => {
  const { placement } = place(await declare({ 'a/model.yaml': toModelText('a') }), [routeOf('a')]);
  const find = (before: Live | undefined, after: Live | undefined) =>
    findModels(toChange(before, after), placement).sort();
  const relabelled = { ...primary, model: 'b' };
  t.deepEqual(find(undefined, relabelled), ['models/a', 'models/b']);
  t.deepEqual(find({ ...primary, model: 'c' }, relabelled), ['models/a', 'models/b', 'models/c']);
  t.deepEqual(find(primary, undefined), ['models/a']);
  t.deepEqual(find({ ...primary, name: 'z-0', model: undefined }, undefined), []);
  t.deepEqual(find(undefined, undefined), []);
  t.deepEqual(find(undefined, routeOf('a')), ['models/a']);
  t.deepEqual(find(undefined, toRoute('a-mirror')), ['models/a', 'models/a-mirror']);
});

test('models are placed again when a folder or a model is named that was not named before', (t) => {
  const moves = (before: Live | undefined, after: Live | undefined) => movesModels(toChange(before, after));
  t.true(moves(undefined, routeOf('a')));
  t.true(moves(routeOf('a'), toRoute('a', { path: 'b' })));
  t.true(moves(routeOf('a'), undefined));
  t.false(moves(routeOf('a'), routeOf('a')));
  t.false(moves(undefined, toRoute('a-mirror')));
  t.true(moves(undefined, primary));
  t.true(moves(primary, { ...primary, model: 'b' }));
  t.false(moves(primary, primary));
  t.false(moves(primary, undefined));
});

test('an event is unexpected when it is of a model that git does not declare, or ends one that it declares', async (t) => {
  const declared = await declare({ 'a/model.yaml': toModelText('a') });
  const { placement } = place(declared, [routeOf('a')]);
  const isNews = (before: Live | undefined, after: Live | undefined, scope = everywhere) =>
    isUnexpected(toChange(before, after), declared, placement, scope);
  t.false(isNews(undefined, primary));
  t.false(isNews(primary, candidate));
  t.true(isNews(undefined, { ...primary, name: 'a-2' }));
  t.true(isNews(undefined, { ...primary, namespace: 'zoo' }));
  t.false(isNews(undefined, { ...primary, name: 'a-2', model: undefined }));
  t.true(isNews(primary, undefined));
  t.false(isNews({ ...primary, name: 'a-2' }, undefined));
  t.false(isNews(undefined, undefined));
  t.false(isNews(undefined, routeOf('a')));
  t.false(isNews(undefined, toRoute('a-mirror')));
  t.true(isNews(undefined, toRoute('a', { path: 'b' })));
  t.false(isNews(undefined, toRoute('a', { path: 'b' }), { ...everywhere, path: 'a' }));
  t.true(isNews(routeOf('a'), undefined));
  t.false(isNews(routeOf('b'), undefined));
});
