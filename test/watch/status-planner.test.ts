import test from 'ava';
import type { Live } from '../../src/core/observe/live-object.ts';
import { toStatusText } from '../../src/output/status-text.ts';
import type { BranchFiles } from '../../src/watch/branch-files.ts';
import { emptyPlacement, placeModels } from '../../src/watch/placement.ts';
import type { TrackedModel } from '../../src/watch/status-planner.ts';
import { findOrphans, observe, planStatuses, toUnobserved } from '../../src/watch/status-planner.ts';
import { failed, loaded, loading, toRoute } from '../core/observe/live-objects.ts';
import { declare, toCache, toServices } from './declared.ts';
import { toModelText } from './watch-scene.ts';

const settleMs = 5000;
const route = toRoute('a', { path: 'a' });
const file = 'a/status.yaml';
const readyText = toStatusText({
  name: 'a',
  namespace: 'models',
  status: {
    primary: { name: 'a-0', version: 'v1', digest: 'd1', state: 'Ready', loaded: 'd2-30239da781fb2564', uid: 'a-0' },
    candidates: [
      { name: 'a-1', version: 'v2', digest: 'd2', state: 'Ready', loaded: 'd2-32f76c9e7338fbad', uid: 'a-1' },
    ],
  },
});

const declareA = (statusText?: string): Promise<BranchFiles> =>
  declare({ 'a/model.yaml': toModelText('a'), ...(statusText === undefined ? {} : { [file]: statusText }) });

/** The model as it is placed, not observed yet. */
function toPlaced(declared: BranchFiles): TrackedModel {
  const { placement } = placeModels(declared, toCache(route), { path: '.', namespaces: undefined }, emptyPlacement);
  const placed = placement.models.get('models/a');
  if (placed === undefined) throw new Error('the model is not placed');
  return toUnobserved(placed, undefined);
}

function look(
  tracked: TrackedModel,
  declared: BranchFiles,
  objects: readonly Live[],
  { since = 0, now = since }: { since?: number; now?: number } = {},
): TrackedModel {
  return observe(tracked, toCache(...objects, route), declared.statusFiles.get(file), { since, now, settleMs });
}

test('a status file that says what is observed is left as it is', async (t) => {
  const declared = await declareA(readyText);
  const observed = look(toPlaced(declared), declared, toServices('a', loaded));
  t.is(observed.pending, undefined);
  t.is(observed.status?.candidates[0]?.state, 'Ready');
  t.deepEqual(planStatuses([observed], new Map(), declared, toCache(route)), []);
});

for (const [title, text] of [
  ['edited', readyText.replaceAll('Ready', 'Failed')],
  ['broken', 'status: ['],
  ['emptied', ''],
  ['of another model', readyText.replace('name: a,', 'name: b,')],
  ['of another namespace', readyText.replace('namespace: models', 'namespace: zoo')],
  ['given a comment', `${readyText}# mine\n`],
  ['removed', undefined],
] as const)
  test(`a status file that was ${title} is rewritten`, async (t) => {
    const declared = await declareA(text);
    const observed = look(toPlaced(declared), declared, toServices('a', loaded), { since: 7 });
    t.deepEqual(observed.pending, { text: readyText, since: 7 });
    const [planned, ...others] = planStatuses([observed], new Map(), declared, toCache(route));
    t.deepEqual(others, []);
    t.like(planned, { file, text: readyText, name: 'a', namespace: 'models', since: 7, route });
    t.is(planned?.after?.candidates[0]?.state, 'Ready');
    const { value } = declared.statusFiles.get(file) ?? {};
    t.is(planned?.before, value?.status);
  });

test('a status that is of another model is not proof of what is loaded', async (t) => {
  const declared = await declareA(readyText.replace('name: a,', 'name: b,'));
  const pods = toServices('a', loaded).map((live) => ({ ...live, statusIsLater: false, isFirst: 'no' }) as Live);
  t.is(look(toPlaced(declared), declared, pods).status?.candidates[0]?.state, 'Pending');
  const own = await declareA(readyText);
  t.is(look(toPlaced(own), own, pods).status?.candidates[0]?.state, 'Ready');
});

test('a model without a status file gets none before there is something to report', async (t) => {
  const declared = await declareA();
  const first = look(toPlaced(declared), declared, []);
  t.is(first.status, undefined);
  t.is(first.pending, undefined);
  t.is(first.due, settleMs, 'it may only not be there yet');
  t.true(first.isSettling);
  const second = look(first, declared, [], { since: settleMs });
  t.is(second.status?.primary?.state, 'Missing');
  t.not(second.pending, undefined);
  t.is(second.due, undefined);
});

test('a change that is not in git yet keeps the time of its first event, and goes when it is taken back', async (t) => {
  const declared = await declareA(readyText);
  const first = look(toPlaced(declared), declared, toServices('a', loading, 'd3'), { since: 100 });
  const second = look(first, declared, toServices('a', failed, 'd3'), { since: 200 });
  const third = look(second, declared, toServices('a', failed, 'd3'), { since: 200 + settleMs });
  t.is(third.status?.candidates[0]?.state, 'Failed');
  t.is(third.pending?.since, 100);
  t.is(look(third, declared, toServices('a', loaded), { since: 9000 }).pending, undefined);
});

test('what is remembered of a model stays when its file changes', async (t) => {
  const declared = await declareA(readyText);
  const observed = look(toPlaced(declared), declared, toServices('a', failed), { since: 0 });
  const edited = toUnobserved({ ...observed, model: { ...observed.model, candidates: ['a-2'] } }, observed);
  t.is(edited.memory, observed.memory);
  t.is(edited.pending, undefined);
  t.is(edited.due, undefined);
});

test('the status files of models that left git are removed, those that are this watcher’s', async (t) => {
  const toText = (namespace: string) => toStatusText({ name: 'b', namespace, status: { candidates: [] } });
  const broken = 'apiVersion: model-mirror.dev/v1alpha1\nkind: ModelStatus\nstatus: [\n';
  const declared = await declare({
    'a/model.yaml': toModelText('a'),
    'a/status.yaml': readyText,
    'b/status.yaml': toText('models'),
    'c/status.yaml': toText('zoo'),
    'd/status.yaml': broken,
    'chart/status.yaml': 'kind: Deployment\n',
  });
  t.deepEqual(findOrphans(declared.orphans, { namespaces: undefined }), [
    'b/status.yaml',
    'c/status.yaml',
    'd/status.yaml',
  ]);
  t.deepEqual(findOrphans(declared.orphans, { namespaces: ['models'] }), ['b/status.yaml']);
  const orphans = new Map([
    ['b/status.yaml', 3],
    ['d/status.yaml', 4],
  ]);
  const removed = { text: undefined, after: undefined, route: undefined };
  t.deepEqual(planStatuses([], orphans, declared, toCache()), [
    { ...removed, file: 'b/status.yaml', name: 'b', namespace: 'models', before: { candidates: [] }, since: 3 },
    { ...removed, file: 'd/status.yaml', name: 'd', namespace: '', before: undefined, since: 4 },
  ]);
});
