/** The document of a judgement that is under way, from what replicas counted to what a command reads of it. */
import test from 'ava';
import type { Block } from '../../../src/core/analysis/block.ts';
import { judge } from '../../../src/core/analysis/judge.ts';
import { type Seen, toLiveAnalysis } from '../../../src/core/analysis/live-analysis.ts';
import { readLiveAnalysis } from '../../../src/core/analysis/read-live-analysis.ts';
import type { AnalysisTask } from '../../../src/core/analysis/task.ts';
import {
  look,
  minute,
  since,
  subject,
  toBlock,
  toErrors,
  toExampleTask,
  toTally,
  withinNoise,
} from './analysis-examples.ts';

const metadata = { name: 'wisdom', namespace: 'models' };

/** Blocks of whole minutes, looked at so many minutes after counting began. */
function see(blocks: readonly Block[], minutes: number, given: Partial<AnalysisTask> = {}): Seen {
  const task = toExampleTask(given);
  const { checks, confidence, minSamples } = task;
  const now = since + minutes * minute;
  const analysis = { checks, confidence, minSamples };
  const { verdict, progress } = judge(undefined, {
    ...look,
    analysis,
    now,
    answeredAt: now,
    tally: toTally(blocks, now),
  });
  return { task, verdict, progress, openSince: since, askedAt: now, answeredAt: now };
}

const minutes = (from: number, to: number, all: number, bad = 0) =>
  Array.from({ length: to - from }, (_, i) => toBlock(from + i, toErrors(bad, all)));

/** What a command reads of it, over the network. */
const read = (seen: Seen) => readLiveAnalysis(JSON.parse(JSON.stringify(toLiveAnalysis(metadata, seen))));

test('what is Inconclusive shows counts, bounds, what is missing, and the pace of the last ten minutes', (t) => {
  // A hundred calls a minute for five minutes, then ten a minute for ten.
  const found = read(see([...minutes(0, 5, 100), ...minutes(5, 15, 10)], 16.5, { minSamples: 2000 }));
  t.is(found.code, 'found');
  if (found.code !== 'found') return;
  const { analysis } = found;
  t.like(analysis, {
    metadata,
    subject,
    verdict: 'Inconclusive',
    steps: 1,
    holdMs: 0,
    askedAt: '2026-11-25T10:06:30Z',
    answeredAt: '2026-11-25T10:06:30Z',
    openSince: '2026-11-25T09:50:00Z',
    waits: [{ code: 'samples', check: 'errors.candidateOnly', all: 600, needed: 2000 }],
    checks: [{ check: 'errors.candidateOnly', limit: 0.01, bad: 0, all: 600, low: 0, perMinute: 10 }],
    coverage: { since: '2026-11-25T09:50:00Z', received: 600, compared: 600, dropped: 0, unknown: 0, perMinute: 10 },
  });
  const [check] = analysis.checks;
  t.true(check !== undefined && check.high > 0 && check.high < 0.01);
});

test('the pace is that of the time since counting began, if that is shorter', (t) => {
  const found = read(see(minutes(0, 3, 40), 4.5));
  t.like(found, { analysis: { checks: [{ all: 120, perMinute: 40 }], coverage: { perMinute: 40 } } });
});

test('before the first call there is no pace', (t) => {
  const found = read(see([], 1));
  t.true(found.code === 'found' && !('perMinute' in (found.analysis.checks[0] ?? {})));
  t.like(found, { analysis: { verdict: 'Inconclusive', coverage: { received: 0 } } });
});

test('a verdict comes with what it follows from, and with what was counted since', (t) => {
  const passing = read(see(minutes(0, 15, 100), 16.5));
  t.like(passing, { analysis: { verdict: 'Passing', decided: { verdict: 'Passing' }, checks: [{ all: 1500 }] } });
  t.true(passing.code === 'found' && (passing.analysis.decided?.checks[0]?.all ?? 0) < 1500);
  const failing = read(see(minutes(0, 3, 100, 50), 4.5));
  t.like(failing, { analysis: { verdict: 'Failing', decided: { by: 'sequence' }, checks: [{ bad: 150, all: 300 }] } });
});

test('Unknown comes with its reason', (t) => {
  const found = read(see([], 20));
  t.like(found, { analysis: { verdict: 'Unknown', blindness: { code: 'no-copies', minutes: 20 } } });
});

test('a check within noise shows the primary beside it', (t) => {
  const counts = [{ check: 'agreement.withinNoise', bad: 30, all: 400, noiseBad: 28, noiseAll: 400 }];
  const found = read(see([toBlock(0, counts)], 2.5, { checks: [withinNoise], noise: true }));
  t.like(found, { analysis: { checks: [{ bad: 30, all: 400, noise: { bad: 28, all: 400 } }] } });
});

test('what a later release adds is left out, and what it waits for is not a reason to fail', (t) => {
  const page = toLiveAnalysis(metadata, see(minutes(0, 3, 40), 4.5));
  const later = { ...page, mood: 'fine', waits: [...page.waits, { code: 'full-moon', until: 'Friday' }] };
  const found = readLiveAnalysis(JSON.parse(JSON.stringify(later)));
  t.deepEqual(found, readLiveAnalysis(JSON.parse(JSON.stringify(page))));
});

test('what is no such document is not read as one', (t) => {
  const page = JSON.parse(JSON.stringify(toLiveAnalysis(metadata, see(minutes(0, 3, 40), 4.5))));
  const [check] = page.checks;
  for (const foreign of [
    undefined,
    null,
    'ready',
    [],
    {},
    { kind: 'Status', apiVersion: 'v1', message: 'services "x" not found' },
    { ...page, kind: 'Model' },
    { ...page, checks: Array.from({ length: 101 }, () => check) },
    { ...page, checks: [{ ...check, bad: 41, all: 40 }] },
    { ...page, checks: [{ ...check, low: 0.5, high: 0.1 }] },
    { ...page, checks: [{ ...check, all: 1e300 }] },
    { ...page, checks: [{ ...check, perMinute: -1 }] },
    { ...page, verdict: 'Passing' },
    { ...page, verdict: 'Excellent' },
    { ...page, confidence: 1 },
    { ...page, steps: 0 },
    { ...page, askedAt: '2026-11-25T10:06:30Z\u001b[31m' },
    { ...page, metadata: { name: 'x'.repeat(501), namespace: 'models' } },
  ])
    t.deepEqual(readLiveAnalysis(foreign), { code: 'foreign' }, JSON.stringify(foreign)?.slice(0, 80));
  t.deepEqual(readLiveAnalysis({ ...page, apiVersion: 'model-mirror.dev/v2' }), {
    code: 'other-version',
    version: 'model-mirror.dev/v2',
  });
});
