import test from 'ava';
import { toStatusPage } from '../../src/output/status-page.ts';
import { mornings, toModel, toVersion } from './status-page-examples.ts';

const toPage = (models: Parameters<typeof toStatusPage>[0]['models']) => toStatusPage({ models, cluster: undefined });

function toRow(page: string, name: string): string[] {
  const row = page.split('\n').find((line) => line.startsWith(`| [${name}]`)) ?? '';
  return row
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

test('a row shows each candidate, and the mirror to each', (t) => {
  const primary = toVersion('a-0', 'v1', 'Ready');
  const candidates = [
    { ...toVersion('a-1', 'v2', 'Ready'), mirror: { percentage: 5 } },
    toVersion('a-2', 'v3', 'Loading'),
    { name: 'old', state: 'Missing' as const, mirror: { percentage: 0.5 } },
  ];
  const page = toPage([...mornings, toModel('team', 'a', { primary, candidates })]);
  t.deepEqual(toRow(page, 'a').slice(1), [
    'team',
    'v1 ✓ Ready',
    'v2 ✓ Ready, v3 ◐ Loading, old ∅ Missing',
    'v2 5 %, v3 closed, Loading, old 0.5 %',
  ]);
  t.deepEqual(toRow(page, 'wisdom').slice(3), ['v2 ✓ Ready', '20 %']);
  t.deepEqual(toRow(page, 'spelling').slice(3), ['', '']);
  const edges = page.split('\n').filter((line) => line.includes('-.-'));
  t.is(edges.filter((line) => line.includes('-.->')).length, 3);
  t.is(edges.length, 7);
  t.regex(page, /\n7 models\. .*Mirrors open: 3\.\n/);
});

test('a row shows the step of the ramp from the second one on, while the mirror is open', (t) => {
  const versions = { primary: { name: 'a-0', digest: 'd2-aa' }, candidate: { name: 'a-1', digest: 'd2-bb' } };
  const passed = {
    ...{ verdict: 'Passing', by: 'sequence', at: '2027-01-01T00:00:00Z', rule: 'beta-binomial/1' },
    ...{ confidence: 0.95, steps: 4, minSamples: 300, checks: [] },
    subject: { ...versions, analysis: 'aa', step: 1, attempt: 0 },
  } as const;
  const toCell = (...more: readonly object[]) => {
    const candidate = Object.assign(toVersion('a-1', 'v2', 'Ready'), ...more);
    return toRow(toPage([toModel('team', 'a', { candidates: [candidate] })]), 'a').at(-1);
  };
  const mirror = { percentage: 20 };
  t.is(toCell({ passed, mirror }), '20 %, step 3 of 4');
  t.is(toCell({ mirror }), '20 %');
  t.is(toCell({ passed }), 'closed, at 0 % or not open yet');
});

test('of too many models the most urgent are shown, and how many are not', (t) => {
  const ready = (name: string) => toVersion(`${name}-0`, 'v1', 'Ready');
  const names = Array.from({ length: 600 }, (_, i) => `m${String(i).padStart(3, '0')}`);
  const models = names.map((name, i) =>
    toModel('team', name, {
      primary: ready(name),
      candidates: i < 520 ? [toVersion(`${name}-1`, 'v2', i === 519 ? 'Failed' : 'Ready')] : [],
    }),
  );
  const page = toPage(models);
  t.is(page.split('\n').filter((line) => line.startsWith('| [m')).length, 500);
  t.true(toRow(page, 'm519').length > 0);
  t.regex(page, /\n20 more are not shown; these are the most urgent\.\n/);
  t.regex(page, /\n80 more have a Ready primary and no candidate\.\n/);
  t.regex(page, / 500 more models with a candidate are not shown; these are the most urgent\.\n/);
});

test('the order in which models come changes no byte', (t) => {
  t.is(toPage(mornings.toReversed()), toPage(mornings));
});
