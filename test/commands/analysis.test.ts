/** How a candidate is judged, from files in memory and a watcher in memory. */
import test from 'ava';
import type { AnalysisResult } from '../../src/commands/analysis.ts';
import { readAnalysis } from '../../src/commands/analysis.ts';
import { judge } from '../../src/core/analysis/judge.ts';
import type { LiveAnalysis } from '../../src/core/analysis/live-analysis.ts';
import { toLiveAnalysis } from '../../src/core/analysis/live-analysis.ts';
import type { LiveView } from '../../src/core/assess/outlook.ts';
import { mask } from '../../src/core/diagnostics/safe-text.ts';
import type { AnalysisSubject } from '../../src/core/input/verdict-schema.ts';
import type { PageReading } from '../../src/core/ports/watcher-pages.ts';
import { errors, look, minute, since, toBlock, toExampleTask, toTally } from '../core/analysis/analysis-examples.ts';
import { toMemoryTree } from '../core/render/memory-tree.ts';
import { names } from './memory-world.ts';

const head = 'apiVersion: model-mirror.dev/v1alpha1\n';
const toFiles = (namespace: string) => ({
  'wisdom/model.yaml': `${head}kind: Model
metadata: {name: wisdom${namespace}}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: s3://models/v1}
  candidate: {version: v2, storageUri: s3://models/v2}
`,
  'policy.yaml': `${head}kind: MirrorPolicy
metadata: {name: all}
spec: {gate: None, analysis: {checks: [{errors: {candidateOnly: 1%}}]}}
`,
});

/** @param answer to each page that is asked for. */
function read(answer?: (path: string) => PageReading, namespace = ', namespace: models', flag?: string) {
  const request = {
    model: 'wisdom',
    names,
    tree: toMemoryTree(toFiles(namespace)),
    cluster: undefined,
    namespace: flag,
  };
  const pages = answer && { read: async (path: string) => answer(path) };
  return readAnalysis(request, pages, new AbortController().signal);
}

async function lookAt(answer: (path: string) => PageReading): Promise<LiveView> {
  const result = await read(answer);
  if (result.code !== 'found') throw new Error(result.code);
  return result.view;
}

async function findSubject(): Promise<AnalysisSubject> {
  const result = (await read()) as Extract<AnalysisResult, { readonly code: 'found' }>;
  return result.judgement.subject;
}

/** So many calls a minute for ten minutes, so many of them bad. */
function toAnalysis(subject: AnalysisSubject, perMinute: number, bad: number): LiveAnalysis {
  const now = since + 11.5 * minute;
  const blocks = Array.from({ length: 10 }, (_, i) =>
    toBlock(i, [{ check: errors.code, bad, all: perMinute }], { subject }),
  );
  const judged = judge(undefined, { ...look, subject, now, answeredAt: now, tally: toTally(blocks, now) });
  const task = toExampleTask({ subject });
  const seen = { ...judged, task, openSince: since, askedAt: now, answeredAt: now };
  return toLiveAnalysis({ name: 'wisdom', namespace: 'models' }, seen);
}

const answered = (value: unknown, status = 200): PageReading => ({
  code: 'answered',
  status,
  text: typeof value === 'string' ? value : JSON.stringify(value),
});

test('without a watcher it is read from git alone', async (t) => {
  t.like(await read(), {
    code: 'found',
    judgement: { model: 'wisdom', verdict: undefined },
    view: { code: 'not-asked' },
  });
});

test('calls and minutes that are missing follow from the counts and the pace', async (t) => {
  const subject = await findSubject();
  const asked: string[] = [];
  const view = await lookAt((path) => {
    asked.push(path);
    return answered(toAnalysis(subject, 20, 0));
  });
  t.deepEqual(asked, ['/analysis/models/wisdom']);
  t.like(view, { outlook: { about: 'same', prospect: { code: 'will-pass', check: errors.code, perMinute: 20 } } });
  if (view.code !== 'found' || view.outlook.prospect.code !== 'will-pass') return;
  const { missing, minutes } = view.outlook.prospect;
  t.is(minutes, missing / 20);
  // With so many calls more it is Passing, and with one fewer it is not: an oracle that knows no forecast.
  const toVerdict = (all: number) => {
    const now = since + 11.5 * minute;
    const blocks = [toBlock(0, [{ check: errors.code, bad: 0, all }], { subject })];
    return judge(undefined, { ...look, subject, now, answeredAt: now, tally: toTally(blocks, now) }).verdict.verdict;
  };
  t.is(toVerdict(200 + missing), 'Passing');
  t.not(toVerdict(200 + missing - 1), 'Passing');
});

test('a candidate that is above its limit at this share will not pass', async (t) => {
  const subject = await findSubject();
  const view = await lookAt(() => answered(toAnalysis(subject, 50, 1)));
  t.like(view, { outlook: { prospect: { code: 'will-fail', check: errors.code, perMinute: 50 } } });
});

test('what the watcher judges may be another subject than the files have', async (t) => {
  const subject = await findSubject();
  const other = { ...subject, candidate: { ...subject.candidate, digest: 'd2-ff' } };
  t.like(await lookAt(() => answered(toAnalysis(other, 20, 0))), { outlook: { about: 'other' } });
  t.like(await lookAt(() => answered(toAnalysis({ ...subject, step: 2 }, 20, 0))), { outlook: { about: 'step' } });
});

test('answers that are no page of a watcher are named for what they are', async (t) => {
  const subject = await findSubject();
  const page = toAnalysis(subject, 20, 0);
  const failures: readonly (readonly [PageReading, object])[] = [
    [answered('<html>Sign in</html>'), { code: 'no-watcher', status: 200 }],
    [answered('there are /healthz, /readyz and /metrics\n', 404), { code: 'no-watcher', status: 404 }],
    [answered(''), { code: 'no-watcher' }],
    [answered('['.repeat(100_000)), { code: 'no-watcher' }],
    [answered({ ...page, metadata: { name: 'folly', namespace: 'models' } }), { code: 'no-watcher' }],
    [answered({ ...page, metadata: { name: 'wisdom', namespace: 'other' } }), { code: 'no-watcher' }],
    [
      answered({ ...page, apiVersion: 'model-mirror.dev/v2' }),
      { code: 'other-version', version: 'model-mirror.dev/v2' },
    ],
    [{ code: 'refused', message: mask('services/proxy is forbidden') }, { code: 'refused' }],
    [{ code: 'too-large' }, { code: 'too-large' }],
  ];
  for (const [reading, failure] of failures) t.like(await lookAt(() => reading), { code: 'failed', failure });
  const none = { apiVersion: 'model-mirror.dev/v1alpha1', kind: 'NoAnalysis', code: 'not-judged' };
  t.deepEqual(await lookAt(() => answered(none, 404)), { code: 'unjudged', why: 'not-judged' });
});

test('a model whose namespace nobody knows cannot be asked for', async (t) => {
  const never = (): PageReading => t.fail() as never;
  await t.throwsAsync(read(never, ''), { name: 'Fault', message: /names a namespace/ });
  t.is((await read(undefined, '')).code, 'found');
  const asked: string[] = [];
  await read(
    (path) => {
      asked.push(path);
      return { code: 'too-large' };
    },
    '',
    'team-a',
  );
  t.deepEqual(asked, ['/analysis/team-a/wisdom']);
});
