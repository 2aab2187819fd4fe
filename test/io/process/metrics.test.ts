/** The watcher's page for Prometheus. */
import test from 'ava';
import fc from 'fast-check';
import type { VersionReading } from '../../../src/core/ports/metrics.ts';
import { createMetrics } from '../../../src/io/process/metrics.ts';
import { anyCharacter } from '../../any-character.ts';
import { readPage, samplesOf } from '../../metrics/page.ts';
import { times } from '../../thorough.ts';

const check = { check: 'errors.rate', bad: 3, all: 700, low: 0.001, high: 0.02, limit: 0.01 };

function toReadings(model: string, { isJudged = true, version = 'v2' } = {}): VersionReading[] {
  const of = { namespace: 'models', model };
  const candidate = {
    percentage: 20,
    verdict: 'Unknown',
    blindness: 'no-copies',
    step: 2,
    toChecks: isJudged ? () => [check] : undefined,
  } as const;
  return [
    { ...of, role: 'primary', version: 'v1', state: 'Ready', candidate: undefined },
    { ...of, role: 'candidate', version, state: 'Ready', candidate },
  ];
}

function startMetrics(first: readonly VersionReading[], isReady = true) {
  let readings = first;
  const metrics = createMetrics('1.2.3', {
    readings: () => readings,
    isReady: () => isReady,
    waiting: () => 3,
    secondsBehind: () => 0,
    gitWait: () => 1800,
  });
  return {
    metrics,
    show: (next: readonly VersionReading[]) => {
      readings = next;
    },
    read: async () => readPage(await metrics.text()),
  };
}

test('each version shows its state, and a candidate what is known of it', async (t) => {
  const page = await startMetrics(toReadings('wisdom')).read();
  const of = 'model=wisdom namespace=models role=candidate';
  t.deepEqual(samplesOf(page, 'model_mirror_version_state'), {
    'model=wisdom namespace=models role=primary state=Ready version=v1': 1,
    [`${of} state=Ready version=v2`]: 1,
  });
  t.deepEqual(samplesOf(page, 'model_mirror_mirror_share_ratio'), { [`${of} version=v2`]: 0.2 });
  t.deepEqual(samplesOf(page, 'model_mirror_verdict'), { [`${of} verdict=Unknown version=v2`]: 1 });
  t.deepEqual(samplesOf(page, 'model_mirror_blind'), {
    'model=wisdom namespace=models reason=no-copies role=candidate version=v2': 1,
  });
  t.deepEqual(samplesOf(page, 'model_mirror_ramp_step'), { [`${of} version=v2`]: 2 });
  for (const [name, value] of [
    ['bad_calls', 3],
    ['calls', 700],
    ['low_ratio', 0.001],
    ['high_ratio', 0.02],
    ['limit_ratio', 0.01],
  ] as const)
    t.deepEqual(samplesOf(page, `model_mirror_check_${name}`), { [`check=errors.rate ${of} version=v2`]: value });
});

test('what is gone leaves no series behind', async (t) => {
  const { show, read } = startMetrics([...toReadings('gone'), ...toReadings('kept')]);
  t.true((await read()).some(({ labels }) => labels['model'] === 'gone'));
  show(toReadings('kept', { version: 'v3' }));
  const page = await read();
  t.deepEqual([...new Set(page.flatMap(({ labels }) => labels['model'] ?? []))], ['kept']);
  t.deepEqual(
    new Set(
      page.filter(({ labels }) => labels['role'] === 'candidate').flatMap(({ labels }) => labels['version'] ?? []),
    ),
    new Set(['v3']),
  );
});

test('names that hold anything are shown as they are', async (t) => {
  const { show, read } = startMetrics([]);
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: anyCharacter }), async (version) => {
      show(toReadings('wisdom', { version }));
      const found = (await read()).filter(({ name }) => name === 'model_mirror_mirror_share_ratio');
      t.deepEqual(
        found.map(({ labels }) => labels['version']),
        [version],
      );
    }),
    { numRuns: times(200, 20) },
  );
});

test('the page stays small: of many candidates that are judged only some show their checks, and always the same', async (t) => {
  const readings = Array.from({ length: 1200 }, (_, i) => toReadings(`m${i}`, { isJudged: i % 20 !== 0 })).flat();
  const { read } = startMetrics(readings);
  const [page, again] = [await read(), await read()];
  const count = (name: string) => Object.keys(samplesOf(page, name)).length;
  t.is(count('model_mirror_version_state'), 2400);
  t.is(count('model_mirror_check_calls'), 1000);
  t.deepEqual(samplesOf(page, 'model_mirror_left_out'), { 'what=versions': 0, 'what=checks': 140 });
  t.deepEqual(samplesOf(again, 'model_mirror_check_calls'), samplesOf(page, 'model_mirror_check_calls'));
  const many = Array.from({ length: 20_001 }, (_, i) => toReadings(`m${i}`, { isJudged: false })).flat();
  const more = await startMetrics(many).read();
  t.is(Object.keys(samplesOf(more, 'model_mirror_version_state')).length, 40_000);
  t.deepEqual(samplesOf(more, 'model_mirror_left_out'), { 'what=versions': 2, 'what=checks': 0 });
});

test('a verdict in git with very many checks, or long or equal names of them, leaves the page small', async (t) => {
  const names = ['x'.repeat(100_000), 'query.1', ...Array.from({ length: 5000 }, (_, n) => `query.${n}`)];
  const [primary, candidate] = toReadings('wisdom');
  if (primary === undefined || candidate?.candidate === undefined) return t.fail();
  const toChecks = () => names.map((name) => ({ ...check, check: name }));
  const { metrics, read } = startMetrics([primary, { ...candidate, candidate: { ...candidate.candidate, toChecks } }]);
  const shown = Object.keys(samplesOf(await read(), 'model_mirror_check_calls'));
  t.is(shown.length, 50);
  t.is((await metrics.text()).match(/^model_mirror_check_calls\{.*check="query\.1"/gm)?.length, 1);
});

test('which program it is, whether it is in step, and causes that have not happened are there from the start', async (t) => {
  const { metrics, read } = startMetrics([], false);
  const before = await read();
  t.deepEqual(samplesOf(before, 'model_mirror_build_info'), { 'program=watcher version=1.2.3': 1 });
  t.deepEqual(samplesOf(before, 'model_mirror_ready'), { '': 0 });
  t.is(samplesOf(before, 'model_mirror_pushes_failed_total')['cause=refused'], 0);
  t.deepEqual(samplesOf(before, 'model_mirror_last_look_timestamp_seconds'), { '': 0 });
  t.deepEqual(samplesOf(before, 'model_mirror_notifications_waiting'), { '': 3 });
  t.is(samplesOf(before, 'model_mirror_notifications_total')['result=overflowed'], 0);
  t.is(samplesOf(before, 'model_mirror_git_wait_seconds')[''], 1800);
  metrics.notified('overflowed');
  metrics.pushFailed('refused');
  metrics.look();
  const after = await read();
  t.is(samplesOf(after, 'model_mirror_notifications_total')['result=overflowed'], 1);
  t.is(samplesOf(after, 'model_mirror_pushes_failed_total')['cause=refused'], 1);
  t.true((samplesOf(after, 'model_mirror_last_look_timestamp_seconds')[''] ?? 0) > 1_700_000_000);
});

test('however many ask at a time, the page is made once', async (t) => {
  let asked = 0;
  const metrics = createMetrics('1.2.3', {
    readings: () => [],
    isReady: () => {
      asked++;
      return true;
    },
    waiting: () => 0,
    secondsBehind: () => 0,
    gitWait: () => 0,
  });
  const pages = await Promise.all(Array.from({ length: 50 }, () => metrics.text()));
  t.is(asked, 1);
  t.is(new Set(pages).size, 1);
  await metrics.text();
  t.is(asked, 2, 'and again for who asks later');
});
