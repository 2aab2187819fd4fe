/**
 * What judging ten thousand models costs a watcher: two replicas of the comparer in processes of their own, a block per model and
 * minute each, read over sockets every five seconds. Four checks at their limits, so that nothing is ever decided.
 * `npm run bench:judge [models] [minutes]`: minutes pass as fast as they can, after 15 that were counted before.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Ledger } from '../../src/compare/ledger.ts';
import { minuteMs } from '../../src/core/analysis/block.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import { type Judging, judge } from '../../src/core/analysis/judge.ts';
import { toEvidenceSource } from '../../src/io/comparer/replicas.ts';
import { keepMemorySmall } from '../../src/io/process/memory.ts';
import { Tallies } from '../../src/watch/tallies.ts';
import { checks } from '../statistics/candidate-run.ts';
import { toRandom } from '../statistics/random.ts';

const [models, minutes] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 5)];
const minutesBefore = 15;
const roundMs = 5000;
const since = 1_795_564_800_000;
const analysis = { checks, confidence: 0.95, minSamples: 500 };

function toSubject(model: number) {
  const version = (name: string) => ({ name, digest: `d2-${name.padEnd(32, 'a')}` });
  return {
    primary: version(`model-${model}-0`),
    candidate: version(`model-${model}-1`),
    analysis: 'f'.repeat(32),
    step: 0,
    attempt: 0,
  };
}

/** Each model is called twice a minute, and not at the same second as the others. */
function* count(ledger: Ledger): Generator<undefined, never, number> {
  const random = toRandom(process.pid);
  const terms = { noise: false, confidence: 0.95, minSamples: 500, steps: 4, holdMs: 0, shares: [], checks };
  const targets = Array.from({ length: models }, (_, i) => ({
    key: `model-${i}`,
    namespace: 'models',
    model: `model-${i}`,
    task: { ...terms, subject: toSubject(i) },
  }));
  let counted = since;
  for (;;) {
    const now: number = yield;
    for (; counted < now; counted += roundMs)
      for (const [i, target] of targets.entries()) {
        if (Math.floor(counted / roundMs) % 6 !== i % 6) continue;
        const counts = checks.map((check) => ({ check: toCheckId(check), bad: random() < 0.001 ? 1 : 0, all: 1 }));
        ledger.add(target, { end: { is: 'compared', result: 'agree' }, counts }, counted);
      }
  }
}

/** A replica: it counts until the time that it is sent, and then says what it has cost. */
async function replicate(): Promise<void> {
  const ledger = new Ledger(`replica-${process.pid}`, () => true);
  const counting = count(ledger);
  counting.next();
  let [now, bytes, longest] = [since, 0, 0];
  const server = createServer((request, response) => {
    const before = performance.now();
    const after = new URL(request.url ?? '', 'http://replica').searchParams.get('after') ?? undefined;
    const text = JSON.stringify(ledger.read(after, now));
    longest = Math.max(longest, performance.now() - before);
    bytes += text.length;
    response.end(text);
  });
  server.listen(Number(process.argv[5] ?? 0), process.argv[4]);
  await once(server, 'listening');
  process.on('message', (time: number) => {
    now = time;
    counting.next(time);
    process.send?.({ bytes, longest, mib: process.memoryUsage().rss / 2 ** 20 });
    [bytes, longest] = [0, 0];
  });
  process.once('disconnect', () => process.exit());
  process.send?.((server.address() as AddressInfo).port);
}

interface Cost {
  readonly bytes: number;
  readonly longest: number;
  readonly mib: number;
}

async function start(address: string, port: number) {
  const child = fork(import.meta.filename, [String(models), String(minutes), address, String(port)]);
  const [found] = (await once(child, 'message')) as [number];
  const goTo = async (time: number): Promise<Cost> => {
    child.send(time);
    const [cost] = (await once(child, 'message')) as [Cost];
    return cost;
  };
  return { child, port: found, goTo };
}

async function watch(): Promise<void> {
  // As the watcher does.
  const { stop: stopCollecting } = keepMemorySmall();
  const empty = process.memoryUsage().rss / 2 ** 20;
  process.stdout.write(`before anything is read: ${empty.toFixed(0)} MiB\n`);
  const first = await start('127.0.0.1', 0);
  const second = await start('127.0.0.2', first.port);
  const replicas = [first, second];
  const tallies = new Tallies();
  const source = toEvidenceSource([{ host: 'blocks', port: first.port }], async () => ['127.0.0.1', '127.0.0.2']);
  const judgings: (Judging | undefined)[] = [];
  const stop = new AbortController();
  const round = async (now: number) => {
    const changed = new Set<string>();
    let parts = 0;
    const before = process.cpuUsage();
    const { troubles } = await source.read((part) => {
      parts++;
      for (const key of tallies.take(part, now)) changed.add(key);
    }, stop.signal);
    const look = { analysis, steps: 4, holdMs: 0, openSince: since, now, answeredAt: now, decided: undefined };
    for (const key of changed) {
      const i = Number(key.split('-')[1]);
      const subject = toSubject(i);
      judgings[i] = judge(judgings[i], { ...look, subject, tally: tallies.find(key, subject) }).judging;
    }
    const { user, system } = process.cpuUsage(before);
    if (troubles[0] !== undefined) throw new Error(troubles[0]);
    return { ms: (user + system) / 1000, changed: changed.size, parts };
  };
  const report = (what: string, rounds: readonly { readonly ms: number }[], costs: readonly Cost[]) => {
    const ms = rounds.reduce((sum, one) => sum + one.ms, 0) / rounds.length;
    const bytes = costs.reduce((sum, one) => sum + one.bytes, 0) / rounds.length;
    const longest = Math.max(...costs.map((one) => one.longest));
    process.stdout.write(
      `${what}: ${(bytes / 2 ** 20).toFixed(2)} MiB and ${ms.toFixed(0)} ms of CPU a round, ` +
        `${((100 * ms) / roundMs).toFixed(1)} % of a core; ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB; ` +
        `a replica: ${Math.max(...costs.map((one) => one.mib)).toFixed(0)} MiB, at most ${longest.toFixed(0)} ms a page\n`,
    );
  };
  let now = since;
  const goTo = (time: number) => Promise.all(replicas.map((replica) => replica.goTo(time)));
  // Nobody reads meanwhile.
  for (; now < since + minutesBefore * minuteMs; now += minuteMs) await goTo(now);
  let rounds = [];
  for (let found = await round(now); found.changed > 0; found = await round(now)) rounds.push(found);
  report('a watcher that starts', rounds, await goTo(now));
  rounds = [];
  const costs: Cost[] = [];
  const end = now + minutes * minuteMs;
  for (; now < end; now += roundMs) {
    costs.push(...(await goTo(now)));
    rounds.push(await round(now));
  }
  costs.push(...(await goTo(now)));
  report('every five seconds', rounds, costs);
  for (const { child } of replicas) child.kill();
  stopCollecting();
}

await (process.send === undefined ? watch() : replicate());
