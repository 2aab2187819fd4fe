/** `validate` and a promotion before the mirror was open for as long as a policy wants. */
import test from 'ava';
import { checkMirrorTime } from '../../src/commands/check-mirror-time.ts';
import { mask } from '../../src/core/diagnostics/safe-text.ts';
import { renderApplication } from '../../src/core/render/application.ts';
import type { Files } from '../core/render/memory-tree.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import { MemoryRevisions } from './memory-revisions.ts';

const head = (kind: string) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: wisdom${kind === 'MirrorPolicy' ? '' : ', namespace: models'}}\n`;
const toModel = (primary: string, candidate?: string) => `${head('Model')}spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: ${primary}, storageUri: s3://models/${primary}}
${candidate === undefined ? '' : `  candidate: {version: ${candidate}, storageUri: s3://models/${candidate}}\n`}`;
const policy = (limit: string) => `${head('MirrorPolicy')}spec: {limits: {minMirrorTime: ${limit}}}\n`;

const render = (files: Files) => renderApplication(toMemoryTree(files), {}, () => undefined).rollouts;

/** As the watcher writes it while v2 is the candidate of v1. */
function toStatus(state = 'Ready'): string {
  const [rendered] = render({ 'model.yaml': toModel('v1', 'v2') });
  const [candidate] = rendered?.candidates ?? [];
  return `${head('ModelStatus')}status:
  primary: {name: wisdom-0, version: v1, digest: ${rendered?.primary.digest}, state: Ready}
  candidates: [{name: wisdom-1, version: v2, digest: ${candidate?.digest}, state: ${state}}]
`;
}

/** Commits a minute apart: tried, opened, closed, opened, and then the last one. */
function toRevisions(limit: string, last: Files | undefined): MemoryRevisions {
  const revisions = new MemoryRevisions();
  const tried = { 'model.yaml': toModel('v1', 'v2'), 'policy.yaml': policy(limit) };
  revisions.commit('main', 'try', tried);
  for (const state of ['Ready', 'Loading', 'Ready'])
    revisions.commit('main', 'status', { ...tried, 'status.yaml': toStatus(state) });
  if (last !== undefined) revisions.commit('main', 'last', last);
  return revisions;
}

async function codesOf(
  limit: string,
  { isCommitted = true, candidate = 'v2', seconds = 90, isThere = true, isCut = false } = {},
) {
  const files = { 'model.yaml': toModel(candidate), 'policy.yaml': policy(limit), 'status.yaml': toStatus() };
  const revisions = toRevisions(limit, isCommitted ? files : undefined);
  if (isCut) revisions.forget('1'.padStart(40, '0'));
  const past = {
    history: revisions,
    revision: 'main',
    scope: {
      part: { folder: '.', root: '.' },
      names: { toShownPath: mask, toInnerPaths: (typed: string) => [typed] },
      cluster: undefined,
      namespace: undefined,
    },
    now: 1_700_000_000 + 4 * 60 + seconds,
  };
  const problems = await checkMirrorTime(render(files), isThere ? past : undefined);
  return problems.map(({ code, field }) => `${code} ${field}`);
}

const refused = ['mirrored-too-briefly spec.primary'];

test('until the commit that promotes it, the mirror must have been open for as long', async (t) => {
  t.deepEqual(await codesOf('120s'), []);
  t.deepEqual(await codesOf('121s'), refused);
  // Whenever it is looked at.
  t.deepEqual(await codesOf('121s', { seconds: 86_400 }), refused);
  t.deepEqual(await codesOf('120s', { seconds: 86_400 }), []);
});

test('a promotion that is not committed counts until now', async (t) => {
  t.deepEqual(await codesOf('150s', { isCommitted: false }), []);
  t.deepEqual(await codesOf('151s', { isCommitted: false }), refused);
});

test('what nobody knows is not long enough', async (t) => {
  t.deepEqual(await codesOf('1s', { isThere: false }), refused);
  t.deepEqual(await codesOf('120s', { isCut: true }), []);
  t.deepEqual(await codesOf('121s', { isCut: true }), refused);
});

test('the way back to an earlier version, or to none that was a candidate, is free', async (t) => {
  t.deepEqual(await codesOf('24h', { candidate: 'v1' }), []);
  t.deepEqual(await codesOf('24h', { candidate: 'v0' }), []);
});
