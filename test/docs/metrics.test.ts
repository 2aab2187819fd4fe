/** The tables of metrics and the runbook in docs/operations.md. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createCompareMetrics } from '../../src/io/compare/metrics.ts';
import { createMetrics } from '../../src/io/process/metrics.ts';
import { readRules } from '../metrics/expressions.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

test('the tables have every metric of ours, and no other', async (t) => {
  const watcher = createMetrics('1', {
    readings: () => [],
    isReady: () => true,
    waiting: () => 0,
    secondsBehind: () => 0,
    gitWait: () => 0,
  });
  const comparer = createCompareMetrics('1', {
    held: () => ({ calls: 0, bytes: 0 }),
    known: () => [],
    isReady: () => true,
  });
  const pages = [await watcher.text(), await comparer.text()];
  const shown = pages.flatMap((page) => [...page.matchAll(/^# TYPE (model_mirror_\w+) /gm)].map(([, name]) => name));
  const rows = text.split('\n').filter((line) => line.startsWith('| `model_mirror_'));
  const listed = rows.flatMap((row) =>
    [...(row.split(' | ')[0] ?? '').matchAll(/`(model_mirror_\w+)`/g)].map(([, name]) => name),
  );
  t.deepEqual(listed.toSorted(), [...new Set(shown)].toSorted());
});

test('each alert says what to do', (t) => {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  for (const { alert } of readRules()) t.is(headings.filter((heading) => heading === alert).length, 1, alert);
});
