import { join } from 'node:path/posix';
import test from 'ava';
import type { HistoryRequest, HistoryResult } from '../../src/commands/history.ts';
import { readHistory } from '../../src/commands/history.ts';
import { mask } from '../../src/core/diagnostics/safe-text.ts';
import type { TimelineEvent } from '../../src/core/timeline/events.ts';
import type { Trial } from '../../src/core/timeline/trials.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { MemoryRevisions } from './memory-revisions.ts';

function toModel(candidate?: string, name = 'wisdom'): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: models}
spec:
  template: {metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}, spec: {predictor: {model: {modelFormat: {name: sklearn}}}}}
  primary: {version: v1, storageUri: "s3://models/v1"}
${candidate === undefined ? '' : `  candidate: {version: ${candidate}, storageUri: "s3://models/${candidate}"}\n`}`;
}

const status = `apiVersion: model-mirror.dev/v1alpha1
kind: ModelStatus
metadata: {name: wisdom, namespace: models}
status: {primary: {name: wisdom-0, state: Ready}}
`;
const readme = { readme: 'nothing else' };

function run(revisions: MemoryRevisions, model: string, request: Partial<HistoryRequest> = {}): Promise<HistoryResult> {
  const whole: HistoryRequest = {
    model,
    revision: 'main',
    part: { folder: '.', root: '.' },
    names: { toShownPath: mask, toInnerPaths: (typed) => [join(typed)] },
    cluster: undefined,
    namespace: undefined,
    since: undefined,
    limit: undefined,
    now: 1_800_000_000,
    ...request,
  };
  return readHistory(whole, revisions);
}

async function find(
  revisions: MemoryRevisions,
  model: string,
  request: Partial<HistoryRequest> = {},
): Promise<{ readonly events: readonly TimelineEvent[]; readonly trials: readonly Trial[] }> {
  const result = await run(revisions, model, request);
  return result.code === 'found' ? result.timeline : { events: [], trials: [] };
}

async function listSubjects(revisions: MemoryRevisions, model: string, request: Partial<HistoryRequest> = {}) {
  return (await find(revisions, model, request)).events.map(({ commit }) => commit.subject);
}

/** Commits of main, by their messages. */
function toRevisions(commits: Readonly<Record<string, Files>>): MemoryRevisions {
  const revisions = new MemoryRevisions();
  for (const [message, files] of Object.entries(commits)) revisions.commit('main', message, files);
  return revisions;
}

test('each commit that changed the model is an event, and no other', async (t) => {
  const revisions = toRevisions({
    start: { 'wisdom/model.yaml': toModel() },
    unrelated: { 'wisdom/model.yaml': toModel(), ...readme },
    try: { 'wisdom/model.yaml': toModel('v2') },
    status: { 'wisdom/model.yaml': toModel('v2'), 'wisdom/status.yaml': status },
    slip: { 'wisdom/model.yaml': 'kind: Model\n', 'wisdom/status.yaml': status },
  });
  const { events, trials } = await find(revisions, 'wisdom');
  t.deepEqual(
    events.map(({ commit, changes }) => [commit.subject, commit.isStatusOnly, changes.map(({ code }) => code)]),
    [
      ['start', false, ['model-added']],
      ['try', false, ['candidate-declared', 'mirror-stays-closed']],
      ['slip', false, ['render-failed']],
    ],
  );
  t.deepEqual(
    trials.map(({ version, outcome }) => [version, outcome]),
    [['v2', 'running']],
  );
});

test('a merge counts once, as the work of the author of what it merges', async (t) => {
  const revisions = toRevisions({ start: { 'wisdom/model.yaml': toModel() } });
  const start = await revisions.names.resolve('main');
  const half = revisions.commit('try', 'half', { 'wisdom/model.yaml': toModel('v2') }, { parents: [start] });
  const all = revisions.commit('try', 'all', { 'wisdom/model.yaml': toModel('v3') }, { parents: [half] });
  revisions.commit(
    'main',
    'merge\n\ndetails',
    { 'wisdom/model.yaml': toModel('v3') },
    { parents: [start, all], author: 'Grace' },
  );
  const [, merge] = (await find(revisions, 'wisdom')).events;
  t.deepEqual([merge?.commit.subject, merge?.commit.author, merge?.commit.mergedBy], ['merge', 'Ada', 'Grace']);
});

test('where a shallow clone begins, the author is unknown', async (t) => {
  const revisions = toRevisions({
    v2: { 'wisdom/model.yaml': toModel('v2') },
    v3: { 'wisdom/model.yaml': toModel('v3') },
    v4: { 'wisdom/model.yaml': toModel('v4') },
  });
  const [oldest] = (await find(revisions, 'wisdom')).events;
  revisions.forget(oldest?.commit.id ?? '');
  const result = await run(revisions, 'wisdom');
  if (result.code !== 'found') return t.fail();
  t.true(result.isShallow);
  const { events, trials } = result.timeline;
  t.deepEqual(
    events.map(({ commit, changes }) => [commit.author, changes[0]?.code]),
    [
      [undefined, 'version-present'],
      ['Ada', 'candidate-changed'],
    ],
  );
  t.deepEqual(
    trials.map(({ by, version, outcome }) => [by, version, outcome]),
    [
      [undefined, 'v3', 'replaced'],
      ['Ada', 'v4', 'running'],
    ],
  );
});

test('a model is followed when it moves, and has both its times when it went and came back', async (t) => {
  const moved = { 'ml/wisdom/model.yaml': toModel() };
  const revisions = toRevisions({ start: { 'wisdom/model.yaml': toModel() }, move: moved, gone: readme });
  const list = async () =>
    (await find(revisions, 'wisdom')).events.map(({ commit, changes }) => [commit.subject, changes[0]?.code]);
  const before = [
    ['start', 'model-added'],
    ['move', 'file-moved'],
    ['gone', 'model-removed'],
  ];
  t.deepEqual(await list(), before);
  revisions.commit('main', 'back', { 'ml/wisdom/model.yaml': toModel('v2') });
  t.deepEqual(await list(), [...before, ['back', 'model-added']]);
});

test('two models of one folder have histories of their own', async (t) => {
  const both = (other: string) => ({ 'wisdom/model.yaml': toModel(), 'wisdom/other.model.yaml': other });
  const revisions = toRevisions({
    start: { 'wisdom/model.yaml': toModel() },
    other: both(toModel(undefined, 'other')),
    try: both(toModel('v2', 'other')),
  });
  t.deepEqual(await listSubjects(revisions, 'wisdom'), ['start']);
  t.deepEqual(await listSubjects(revisions, 'other'), ['other', 'try']);
});

test('it begins at a time or at the commit of a revision, and may be limited', async (t) => {
  const versions = ['v2', 'v3', 'v4'];
  const revisions = toRevisions(
    Object.fromEntries(versions.map((version) => [version, { 'wisdom/model.yaml': toModel(version) }])),
  );
  const [, second] = (await find(revisions, 'wisdom')).events;
  const { id = '', time = 0 } = second?.commit ?? {};
  t.deepEqual(await listSubjects(revisions, 'wisdom', { since: time }), ['v3', 'v4']);
  t.deepEqual(await listSubjects(revisions, 'wisdom', { since: time + 1 }), ['v4']);
  t.deepEqual(await listSubjects(revisions, 'wisdom', { since: { revision: id } }), ['v3', 'v4']);
  t.deepEqual(await listSubjects(revisions, 'wisdom', { limit: 1 }), ['v4']);
  const limited = await run(revisions, 'wisdom', { since: time, limit: 1 });
  t.is(limited.code === 'found' && limited.leftOut, 2);
  await t.throwsAsync(run(revisions, 'wisdom', { since: { revision: 'nowhere' } }), { code: 'usage' });
});

test('a removed model is found by its former name, before a folder of that name', async (t) => {
  const revisions = toRevisions({
    start: { 'wisdom/model.yaml': toModel() },
    gone: readme,
    'another in its folder': { 'wisdom/model.yaml': toModel(undefined, 'other') },
    'gone too': readme,
  });
  t.deepEqual((await listSubjects(revisions, 'wisdom')).slice(0, 2), ['start', 'gone']);
});

test('a model that was once at a path is followed to where it is, or was last', async (t) => {
  const at = (folder: string) => ({ [`${folder}/model.yaml`]: toModel() });
  const revisions = toRevisions({ start: at('wisdom'), move: at('ml'), 'move again': at('last') });
  const moves = ['start', 'move', 'move again'];
  t.deepEqual(await listSubjects(revisions, 'wisdom/model.yaml'), moves);
  t.deepEqual(await listSubjects(revisions, 'ml'), moves);
  revisions.commit('main', 'gone', readme);
  t.deepEqual(await listSubjects(revisions, 'wisdom/model.yaml'), [...moves, 'gone']);
  // A model that starts elsewhere later is another one.
  revisions.commit('main', 'again', { 'again/model.yaml': toModel('v2') });
  t.deepEqual(await listSubjects(revisions, 'wisdom/model.yaml'), [...moves, 'gone']);
  t.deepEqual(await listSubjects(revisions, 'wisdom'), ['again']);
});

test('a path is found although the same text was elsewhere later', async (t) => {
  const revisions = toRevisions({
    start: { 'wisdom/model.yaml': toModel() },
    gone: readme,
    elsewhere: { 'later/model.yaml': toModel() },
    'gone again': {},
  });
  t.deepEqual(await listSubjects(revisions, 'wisdom/model.yaml'), ['start', 'gone']);
  t.deepEqual(await listSubjects(revisions, 'later'), ['elsewhere', 'gone again']);
});

test('a model that never existed is a problem', async (t) => {
  const result = await run(toRevisions({ start: { 'wisdom/model.yaml': toModel() } }), 'wizdom');
  t.deepEqual(result.code === 'unknown-model' && result.problems.map(({ code }) => code), ['unknown-model']);
});
