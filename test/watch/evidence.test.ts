/** Two watchers that judge from what replicas have counted, through one branch. */
import test from 'ava';
import type { Block } from '../../src/core/analysis/block.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import type { AnalysisTask } from '../../src/core/analysis/task.ts';
import type { LiveRoute } from '../../src/core/observe/live-object.ts';
import type { Clock } from '../../src/core/ports/watch.ts';
import { toKinds } from '../../src/io/kubernetes/object-lists.ts';
import { readEvidence } from '../../src/watch/evidence-reader.ts';
import { Watcher } from '../../src/watch/watcher.ts';
import { loaded, toRoute } from '../core/observe/live-objects.ts';
import { times } from '../thorough.ts';
import { toServices } from './declared.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryBranch, MemoryRepository } from './memory-branch.ts';
import { toModelText } from './watch-scene.ts';

const minute = 60_000;
const check = { code: 'errors.candidateOnly', limit: 0.01 } as const;

function toTask(model: string): AnalysisTask {
  const subject = {
    primary: { name: `${model}-0`, digest: 'd1' },
    candidate: { name: `${model}-1`, digest: 'd2' },
    analysis: 'ff',
    step: 0,
    attempt: 0,
  };
  return { subject, checks: [check], noise: false, confidence: 0.95, minSamples: 300 };
}

/** Replicas that count: each model's failures in a minute, of 100 calls, by its name. */
class Replicas {
  readonly clock: Clock;
  readonly skews: readonly number[];
  readonly failures = new Map<string, number>();
  /** Those that do not answer now. */
  readonly away = new Set<number>();
  readonly #blocks: Block[] = [];

  constructor(clock: Clock, skews: readonly number[]) {
    this.clock = clock;
    this.skews = skews;
  }

  /** To be called each minute. */
  count(): void {
    const now = this.clock.date() * 1000;
    for (const [i, skew] of this.skews.entries())
      for (const [model, bad] of this.failures) {
        const start = Math.floor((now + skew) / minute) * minute - minute;
        this.#blocks.push({
          id: `${i}/${model}/${start}`,
          replica: String(i),
          start,
          end: start + minute,
          namespace: 'models',
          model,
          subject: toTask(model).subject,
          counts: [{ check: toCheckId(check), bad, all: 100 }],
          coverage: { received: 100, compared: 100, dropped: {}, unknown: {} },
        });
      }
  }

  /** What those that answer still have of the last 15 minutes. */
  read() {
    const oldest = this.clock.date() * 1000 - 15 * minute;
    const blocks = this.#blocks.filter(({ replica, end }) => end > oldest && !this.away.has(Number(replica)));
    return { blocks, replicas: this.skews.length - this.away.size, troubles: [] };
  }
}

/** One watcher, whose clock is off by so much. */
function startWatcher(
  repository: MemoryRepository,
  clock: Clock,
  replicas: Replicas,
  models: readonly string[],
  skewMs = 0,
) {
  const skewed: Clock = { ...clock, date: () => clock.date() + skewMs / 1000 };
  const options = {
    path: '.',
    cluster: undefined,
    namespaces: undefined,
    settleMs: 5000,
    page: false,
    batchMs: 500,
    pollMs: 30_000,
    once: false,
    suffix: undefined,
    signOff: undefined,
  };
  const nothing = () => {};
  const log = { info: nothing, warn: nothing, error: nothing };
  const watcher = new Watcher(options, {
    branch: new MemoryBranch(repository),
    clock: skewed,
    log,
    meter: {
      event: nothing,
      models: nothing,
      declared: nothing,
      commit: nothing,
      conflict: nothing,
      retry: nothing,
      pushFailures: nothing,
    },
    refresh: undefined,
  });
  const live = models.flatMap((name) => [...toServices(name, loaded), toOpenRoute(name)]);
  for (const { kind } of toKinds(undefined))
    watcher.replace(
      kind,
      undefined,
      live.filter((one) => one.kind === kind),
    );
  const stop = new AbortController();
  const running = [
    watcher.run(stop.signal, new AbortController().signal),
    readEvidence(
      {
        source: { read: async () => replicas.read() },
        clock: skewed,
        log,
        isNeeded: () => watcher.isJudging,
        take: (evidence, changed) => watcher.judge(evidence, changed),
      },
      stop.signal,
    ),
  ];
  return {
    watcher,
    end: async () => {
      stop.abort();
      await Promise.all(running);
    },
  };
}

function toOpenRoute(model: string): LiveRoute {
  return { ...toRoute(model, { path: model }), task: toTask(model) };
}

function toNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `m${i}`);
}

/** The lines of all commits that decide something about a model, by the model. */
function findDecisions(messages: readonly string[], model: string): string[] {
  const own = new RegExp(`^(- )?(\\S*/)?(status\\()?${model}\\)?:.*is (Failing|Passing|Unknown|judged)`);
  const decided = messages.flatMap((message) => {
    const [subject = '', ...lines] = message.split('\n');
    const found = (lines.some((line) => own.test(line)) ? lines : [subject]).find((line) => own.test(line));
    return found === undefined ? [] : [found];
  });
  return decided.map((line) => /is (Failing|Passing|Unknown|judged)/.exec(line)?.[1] ?? '');
}

test('each decision is one verdict and one commit, with two watchers, restarts, replicas that come and go, and clocks that are off', async (t) => {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  const names = toNames(times(6, 1000));
  repository.edit(Object.fromEntries(names.map((name) => [`${name}/model.yaml`, toModelText(name)])));
  const replicas = new Replicas(clock, [-30_000, 0, 30_000]);
  for (const [i, name] of names.entries()) replicas.failures.set(name, i % 3 === 0 ? 40 : 0);
  const first = startWatcher(repository, clock, replicas, names, 30_000);
  let second = startWatcher(repository, clock, replicas, names, -30_000);
  for (let i = 0; i < 14; i++) {
    replicas.away.clear();
    if (i % 4 === 1) replicas.away.add(i % 3);
    replicas.count();
    await clock.advance(minute);
    if (i === 3 || i === 7) {
      await second.end();
      second = startWatcher(repository, clock, replicas, names, -30_000);
    }
  }
  for (const [i, name] of names.entries())
    t.deepEqual(findDecisions(repository.messages, name), [i % 3 === 0 ? 'Failing' : 'Passing'], name);
  await Promise.all([first.end(), second.end()]);
});

test('a candidate of which everything fails is Failing in git ten seconds after the first block', async (t) => {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit({ 'm0/model.yaml': toModelText('m0') });
  const replicas = new Replicas(clock, [0]);
  const { end } = startWatcher(repository, clock, replicas, ['m0']);
  await clock.advance(2 * minute);
  t.deepEqual(findDecisions(repository.messages, 'm0'), []);
  replicas.failures.set('m0', 100);
  replicas.count();
  await clock.advance(10_000);
  t.deepEqual(findDecisions(repository.messages, 'm0'), ['Failing']);
  await end();
});

test('a status file that cannot be read takes no verdict with it', async (t) => {
  const clock = new ManualClock();
  const repository = new MemoryRepository();
  repository.edit({ 'm0/model.yaml': toModelText('m0') });
  const replicas = new Replicas(clock, [0]);
  const { watcher, end } = startWatcher(repository, clock, replicas, ['m0']);
  replicas.failures.set('m0', 100);
  replicas.count();
  await clock.advance(10_000);
  watcher.put(toRoute('m0', { path: 'm0', percentage: 0 }));
  await clock.advance(minute);
  const written = repository.files.get('m0/status.yaml');
  t.regex(written ?? '', /verdict: Failing/);
  for (const broken of [
    `<<<<<<< HEAD\n${written}`,
    (written ?? '').replace('verdict: Failing', 'verdict: Suspended'),
  ]) {
    repository.edit({ 'm0/status.yaml': broken });
    await clock.advance(minute);
    t.is(repository.files.get('m0/status.yaml'), written);
  }
  await end();
});
