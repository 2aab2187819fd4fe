/** The comparer's page for Prometheus. */
import test from 'ava';
import type { CountedName } from '../../../src/core/ports/compare.ts';
import { CandidateCounts } from '../../../src/io/compare/candidate-counts.ts';
import { createCompareMetrics } from '../../../src/io/compare/metrics.ts';
import { readPage, samplesOf } from '../../metrics/page.ts';

const wisdom = { namespace: 'models', model: 'wisdom', version: 'v2' };
const of = 'model=wisdom namespace=models';
const none = 'model= namespace=';

test('copies count by the candidate that they are for', async (t) => {
  const metrics = createCompareMetrics('1.2.3', {
    held: () => ({ calls: 1, bytes: 20 }),
    known: () => [{ ...wisdom, version: undefined }, wisdom, { ...wisdom, model: 'silent' }],
    isReady: () => true,
  });
  for (let i = 0; i < 4; i++) metrics.received(wisdom);
  metrics.compared(wisdom, 'agree', 2);
  metrics.compared(wisdom, 'agree', 2);
  metrics.unknown(wisdom, 'same-version');
  metrics.dropped(wisdom, 'busy-primary');
  metrics.received({ ...wisdom, version: undefined });
  metrics.dropped({ ...wisdom, version: undefined }, 'no-task');
  metrics.received(undefined);
  metrics.dropped(undefined, 'unknown-host');
  const page = readPage(await metrics.text());
  const show = (name: string) => samplesOf(page, `model_mirror_${name}`);
  t.deepEqual(show('copies_received_total'), {
    [`${of} role=candidate version=v2`]: 4,
    [`${of} role=candidate version=`]: 1,
    [`${none} role=candidate version=`]: 1,
    'model=silent namespace=models role=candidate version=v2': 0,
  });
  t.deepEqual(show('pairs_total'), { [`${of} result=agree role=candidate version=v2`]: 2 });
  t.deepEqual(show('pairs_unknown_total'), { [`${of} reason=same-version role=candidate version=v2`]: 1 });
  t.deepEqual(show('copies_dropped_total'), {
    [`${of} reason=busy-primary role=candidate version=v2`]: 1,
    [`${of} reason=no-task role=candidate version=`]: 1,
    [`${none} reason=unknown-host role=candidate version=`]: 1,
  });
  t.deepEqual(show('compare_overhead_seconds_count'), { '': 2 });
  t.deepEqual([show('copies_held'), show('held_bytes'), show('routes_known')], [{ '': 1 }, { '': 20 }, { '': 1 }]);
  t.deepEqual(show('build_info'), { 'program=comparer version=1.2.3': 1 });
});

test('counts of a candidate that the routes no longer have stay for ten minutes', (t) => {
  let now = 0;
  const counts = new CandidateCounts(() => now);
  const list = (...known: CountedName[]) =>
    counts.list(known).map(({ of: name, received }) => [name?.version, received]);
  counts.receive(wisdom);
  counts.receive(undefined);
  t.deepEqual(list(wisdom), [
    ['v2', 1],
    [undefined, 1],
  ]);
  now = 600_000;
  const next = { ...wisdom, version: 'v3' };
  t.deepEqual(list(next), [
    ['v2', 1],
    [undefined, 1],
    ['v3', 0],
  ]);
  now = 600_001;
  t.deepEqual(list(next), [
    [undefined, 1],
    ['v3', 0],
  ]);
  t.deepEqual(list(wisdom), [
    [undefined, 1],
    ['v2', 0],
  ]);
});

test('beyond a limit counts have no model, and none is lost', (t) => {
  const counts = new CandidateCounts(() => 0);
  for (let i = 0; i < 50_010; i++) counts.receive({ ...wisdom, model: `m${i}` });
  const all = counts.list([]);
  t.is(all.length, 50_001);
  t.is(all.find(({ of: name }) => name === undefined)?.received, 10);
});
