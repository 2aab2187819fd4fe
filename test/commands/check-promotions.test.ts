/** `validate` and promotions before a policy allows them: what it wants, and the way back that is free. */
import test from 'ava';
import { checkPromotions } from '../../src/commands/check-promotions.ts';
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
function toStatus(state = 'Ready', [primary, candidate]: readonly [string, string?] = ['v1', 'v2']): string {
  const [rendered] = render({ 'model.yaml': toModel(primary, candidate) });
  const [tried] = rendered?.candidates ?? [];
  const observed = `{name: wisdom-1, version: ${candidate}, digest: ${tried?.digest}, state: ${state}}`;
  return `${head('ModelStatus')}status:
  primary: {name: wisdom-0, version: ${primary}, digest: ${rendered?.primary.digest}, state: Ready}
  candidates: [${tried === undefined ? '' : observed}]
`;
}

/** Commits a minute apart: tried, opened, closed, opened, and then the last one. */
function toRevisions(limit: string, last: Files | undefined): MemoryRevisions {
  const revisions = new MemoryRevisions();
  const tried = {
    'model.yaml': toModel('v1', 'v2'),
    'policy.yaml': policy(limit),
  };
  revisions.commit('main', 'try', tried);
  for (const state of ['Ready', 'Loading', 'Ready'])
    revisions.commit('main', 'status', {
      ...tried,
      'status.yaml': toStatus(state),
    });
  if (last !== undefined) revisions.commit('main', 'last', last);
  return revisions;
}

const toPast = (revisions: MemoryRevisions, now: number) => ({
  ...{ history: revisions, revision: 'main', now },
  scope: {
    part: { folder: '.', root: '.' },
    names: { toShownPath: mask, toInnerPaths: (typed: string) => [typed] },
    cluster: undefined,
    namespace: undefined,
  },
});

async function codesOf(
  limit: string,
  { isCommitted = true, candidate = 'v2', seconds = 90, isThere = true, isCut = false } = {},
) {
  const files = {
    'model.yaml': toModel(candidate),
    'policy.yaml': policy(limit),
    'status.yaml': toStatus(),
  };
  const revisions = toRevisions(limit, isCommitted ? files : undefined);
  if (isCut) revisions.forget('1'.padStart(40, '0'));
  const past = toPast(revisions, 1_700_000_000 + 4 * 60 + seconds);
  const problems = await checkPromotions(render(files), isThere ? past : undefined);
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

const limits = {
  'policy.yaml': `${head('MirrorPolicy')}spec: {limits: {minMirrorTime: 24h, requireAnalysis: true}, analysis: {checks: [{errors: {rate: 1%}}]}}\n`,
};

/** v1 served until v2 was promoted, and is the candidate now. */
function toDemoted({ isObserved = true, isServed = true } = {}): MemoryRevisions {
  const revisions = new MemoryRevisions();
  const commit = (versions: readonly [string, string?], isSeen = true) =>
    revisions.commit('main', 'one', {
      ...limits,
      'model.yaml': toModel(...versions),
      ...(isSeen ? { 'status.yaml': toStatus('Ready', versions) } : {}),
    });
  if (isServed) commit(['v1'], isObserved);
  commit(['v2']);
  commit(['v2', 'v1']);
  return revisions;
}

test('the way back to what served before is free, also while it is the candidate', async (t) => {
  const check = async (revisions: MemoryRevisions | undefined, versions: readonly [string, string?]) => {
    const files = {
      ...limits,
      'model.yaml': toModel(...versions),
      'status.yaml': toStatus('Ready', ['v2', 'v1']),
    };
    const past = revisions && toPast(revisions, 1_700_001_000);
    const edited = (await checkPromotions(render(files), past)).map(({ code }) => code);
    if (past === undefined) return edited;
    past.history.commit('main', 'last', files);
    t.deepEqual(
      (await checkPromotions(render(files), past)).map(({ code }) => code),
      edited,
    );
    return edited;
  };
  const early = ['analysis-required', 'mirrored-too-briefly'];
  t.deepEqual(await check(toDemoted(), ['v1', 'v1']), []);
  t.deepEqual(await check(toDemoted(), ['v1']), []);
  // Nobody has seen it serve: three commits of one branch would be a way round the limits.
  t.deepEqual(await check(toDemoted({ isObserved: false }), ['v1']), early);
  t.deepEqual(await check(toDemoted({ isServed: false }), ['v1']), early);
  t.deepEqual(await check(undefined, ['v1']), early);
});
