/**
 * `npm run bench:compare`: the comparer as a process of its own on one core, with model servers and whoever sends copies on the
 * other, where `taskset` is installed. Answers are decoded and compared by rules, and differ in every number.
 *
 * Prints, for JSON and gRPC of 1 KB and 600 KB:
 * - pairs per second of its CPU time (it may get less than a core: other processes do not change this figure);
 * - what it adds to a pair at 60 % load: from the start of asking to the verdict, without the slower answer;
 * - its memory while three times as many copies arrive as it can compare.
 * Ends with 1 when a target is missed.
 *
 * `--minutes N` floods for N minutes in each size (default: a quarter), `--only TEXT` does the rows whose name has it,
 * `--flood-rate N` only floods, with N copies a second and on whichever core: for a machine that has other work;
 * `--profile FOLDER` writes a CPU profile of the first part of each row.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import type { ClientHttp2Session } from 'node:http2';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { routers } from '../../src/core/routing/routers.ts';
import { toStandardTraffic, toTask } from '../compare/compare-scene.ts';
import type { ModelServer } from '../compare/model-servers.ts';
import { startGrpcModel, startHttpModel } from '../compare/model-servers.ts';
import type { Bodies } from './compare-answers.ts';
import { toGrpcBodies, toJsonBodies } from './compare-answers.ts';

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0.25' },
    only: { type: 'string', default: '' },
    profile: { type: 'string' },
    'flood-rate': { type: 'string' },
  },
});

interface Row {
  readonly name: string;
  readonly isGrpc: boolean;
  readonly bodies: Bodies;
  /** Pairs per second of CPU time. */
  readonly target: number;
}

const rows: readonly Row[] = [
  { name: 'JSON 1 KB', isGrpc: false, bodies: toJsonBodies(1000), target: 3500 },
  { name: 'gRPC 1 KB', isGrpc: true, bodies: toGrpcBodies(1000), target: 3500 },
  { name: 'JSON 600 KB', isGrpc: false, bodies: toJsonBodies(600_000), target: 200 },
  { name: 'gRPC 600 KB', isGrpc: true, bodies: toGrpcBodies(600_000), target: 200 },
];
const targets = { overheadMs: 1, mebibytes: 200 };
/** Each may have two calls in flight at its primary. */
const models = ['one', 'two', 'three', 'four', 'five', 'six'];
const measureMs = 8000;

const hasTaskset = (() => {
  if (flags['flood-rate'] !== undefined) return false;
  try {
    execFileSync('taskset', ['-pc', '1', String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

let misses = 0;

async function measure(row: Row): Promise<void> {
  const { isGrpc, bodies } = row;
  const [primary, candidate] = await Promise.all([startModel(row, 'primary'), startModel(row, 'candidate')]);
  const rules = [{ name: '*', abs: 1e-5, rel: 1e-3 }];
  const manifests = models.flatMap((model) => {
    const task = toTask(model);
    const checks = task.checks.map((check) =>
      check.code === 'agreement' ? { ...check, outputs: rules, ignore: ['$.id', '$.model_name'] } : check,
    );
    const traffic = toStandardTraffic(model, { primary: primary.port, candidate: candidate.port }, { ...task, checks });
    return routers[0].render(traffic).map(({ manifest }) => manifest);
  });
  const comparer = startComparer(
    manifests.filter(({ kind }) => kind === routers[0].watched.kind),
    row,
  );
  const { intake, pages } = await comparer.addresses;
  await until(async () => (await fetch(`http://${pages}/readyz`)).ok);
  const session = connect(`http://${intake}`);
  const send = sender(session, isGrpc, bodies.question);

  const rate = flags['flood-rate'];
  const floodRate =
    rate === undefined ? 3 * (await measureSpeed(row, send, [primary, candidate], pages)) : Number(rate);
  await flood(row, send, floodRate, pages);
  session.destroy();
  comparer.stop();
  await comparer.ended;
  await Promise.all([primary.close(), candidate.close()]);
}

/** @returns pairs per second. */
async function measureSpeed(
  { name, target }: Row,
  send: Send,
  servers: readonly [ModelServer, ModelServer],
  pages: string,
): Promise<number> {
  // As many as it can do: each copy follows another one's pair.
  await inTurns(send, servers, target, 10_000);
  const before = await read(pages);
  const start = performance.now();
  await inTurns(send, servers, target * 8, 30_000);
  const wall = (performance.now() - start) / 1000;
  const after = await read(pages);
  const pairs = after.pairs - before.pairs;
  const cpu = after.cpuSeconds - before.cpuSeconds;
  const perCpu = pairs / cpu;
  say(
    name,
    `${perCpu.toFixed(0)} pairs per CPU second (at least ${target}; ${(pairs / wall).toFixed(0)} a second as run, ${Math.round((100 * cpu) / wall)} % of a core)`,
    perCpu >= target,
  );

  const capacity = pairs / wall;
  const calmBefore = await read(pages);
  await atRate(send, capacity * 0.6, measureMs);
  const calm = await read(pages);
  const [p50, p99] = [0.5, 0.99].map((share) => toQuantile(calmBefore.overheads, calm.overheads, share));
  say(
    name,
    `own overhead p50 ${toText(p50)} ms, p99 ${toText(p99)} ms (at most ${targets.overheadMs} ms; ${calm.pairs - calmBefore.pairs} pairs, ${calm.drops - calmBefore.drops} dropped)`,
    (p99 ?? Infinity) <= targets.overheadMs,
  );
  return capacity;
}

async function flood({ name }: Row, send: Send, perSecond: number, pages: string): Promise<void> {
  const floodMs = Number(flags.minutes) * 60_000;
  const mostOfTenths = Array.from({ length: 10 }, () => 0);
  let isOver = false;
  const floodStart = performance.now();
  const watching = (async () => {
    while (!isOver) {
      const tenth = Math.min(9, Math.floor((10 * (performance.now() - floodStart)) / floodMs));
      const { mebibytes } = (await read(pages).catch(() => undefined)) ?? { mebibytes: 0 };
      mostOfTenths[tenth] = Math.max(mostOfTenths[tenth] ?? 0, mebibytes);
      await sleep(250);
    }
  })();
  const before = await read(pages);
  await atRate(send, perSecond, floodMs);
  isOver = true;
  await watching;
  const after = await read(pages);
  const most = Math.max(...mostOfTenths);
  say(
    name,
    `flooded for ${flags.minutes} min: ${most.toFixed(0)} MiB at most, ${before.mebibytes.toFixed(0)} before, by tenths ${mostOfTenths.map((mebibytes) => mebibytes.toFixed(0)).join(' ')} (at most ${targets.mebibytes}; ${after.received - before.received} copies, ${after.pairs - before.pairs} compared, ${after.drops - before.drops} dropped: ${toReasons(before.reasons, after.reasons)})`,
    most <= targets.mebibytes,
  );
}

function startModel({ isGrpc, bodies }: Row, version: 'primary' | 'candidate'): Promise<ModelServer> {
  const body = bodies[version];
  const grpcHeaders = { ':status': 200, 'content-type': 'application/grpc' } as const;
  return isGrpc
    ? startGrpcModel(version, () => (_, stream) => {
        stream.respond(grpcHeaders, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(body);
      })
    : startHttpModel(version, () => (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
      });
}

/** As the chart has it. */
const installed = ['--max-semi-space-size=8'];

/** Bundled, as it is released: whatever reads TypeScript would count as the comparer's memory. */
const script = join(mkdtempSync(join(tmpdir(), 'model-mirror-bench-')), 'comparer.cjs');
buildSync({
  entryPoints: [join(import.meta.dirname, 'compare-process.ts')],
  outfile: script,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  minify: flags.profile === undefined,
  logLevel: 'error',
});

function startComparer(items: readonly unknown[], { name }: Row) {
  const { profile } = flags;
  if (profile !== undefined) mkdirSync(profile, { recursive: true });
  const options =
    profile === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name.replaceAll(' ', '-')}.cpuprofile`];
  const [command, args] = hasTaskset
    ? ['taskset', ['-c', '0', process.execPath, ...installed, ...options, script]]
    : [process.execPath, [...installed, ...options, script]];
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.send(items as object[]);
  const addresses = new Promise<{ readonly intake: string; readonly pages: string }>((resolve) => {
    child.once('message', (message) => resolve(message as { intake: string; pages: string }));
  });
  return {
    addresses,
    ended: new Promise<void>((resolve) => child.once('exit', () => resolve())),
    stop: () => child.disconnect(),
  };
}

type Send = (model: string) => void;

/** As Envoy does by default, it holds no more than this; what is above it is not sent. */
const mostOpen = 1000;

function sender(session: ClientHttp2Session, isGrpc: boolean, question: Buffer): Send {
  let open = 0;
  return (model) => {
    if (open === mostOpen) return;
    open++;
    const stream = session.request({
      ':method': 'POST',
      ':path': isGrpc ? '/inference.GRPCInferenceService/ModelInfer' : `/v2/models/${model}/infer`,
      ':authority': `${model}.models.svc.cluster.local`,
      'content-type': isGrpc ? 'application/grpc' : 'application/json',
      'content-length': question.length,
    });
    stream.on('error', () => {});
    stream.once('close', () => open--);
    stream.resume();
    stream.end(question);
  };
}

/**
 * Keeps as many pairs under way as may be in flight at the primaries, and one more each that waits, until so many were
 * answered, at most for so long. Copies that were dropped are given up when nothing has been answered for a moment.
 */
async function inTurns(
  send: Send,
  [primary, candidate]: readonly [ModelServer, ModelServer],
  count: number,
  ms: number,
): Promise<void> {
  const [from1, from2] = [primary.count(), candidate.count()];
  const done = () => Math.min(primary.count() - from1, candidate.count() - from2);
  const end = performance.now() + ms;
  let [sent, last, since] = [0, 0, performance.now()];
  while (performance.now() < end && done() < count) {
    const now = done();
    if (now > last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > 100) [sent, since] = [now, performance.now()];
    for (; sent - now < models.length * 3; sent++) send(models[sent % models.length] ?? '');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await sleep(300);
}

async function atRate(send: Send, perSecond: number, ms: number): Promise<void> {
  const start = performance.now();
  for (let sent = 0; ; ) {
    const elapsed = performance.now() - start;
    if (elapsed > ms) break;
    for (; sent < (elapsed / 1000) * perSecond; sent++) send(models[sent % models.length] ?? '');
    await sleep(1);
  }
  await sleep(300);
}

interface Reading {
  readonly pairs: number;
  readonly received: number;
  readonly drops: number;
  readonly reasons: ReadonlyMap<string, number>;
  readonly cpuSeconds: number;
  readonly mebibytes: number;
  /** Upper bound in seconds → pairs up to it. */
  readonly overheads: ReadonlyMap<number, number>;
}

async function read(pages: string): Promise<Reading> {
  const lines = (await (await fetch(`http://${pages}/metrics`)).text()).split('\n');
  const values = (name: string) =>
    lines.flatMap((line) => {
      const match = new RegExp(`^${name}(\\{[^}]*\\})? (\\S+)$`).exec(line);
      return match === null ? [] : [{ labels: match[1] ?? '', value: Number(match[2]) }];
    });
  const sum = (name: string) => values(name).reduce((total, { value }) => total + value, 0);
  const reasons = new Map<string, number>();
  for (const { labels, value } of values('model_mirror_copies_dropped_total')) {
    const reason = /reason="([^"]+)"/.exec(labels)?.[1] ?? '';
    reasons.set(reason, (reasons.get(reason) ?? 0) + value);
  }
  return {
    pairs: sum('model_mirror_pairs_total'),
    received: sum('model_mirror_copies_received_total'),
    drops: sum('model_mirror_copies_dropped_total') + sum('model_mirror_pairs_unknown_total'),
    reasons,
    cpuSeconds: sum('process_cpu_seconds_total'),
    mebibytes: sum('process_resident_memory_bytes') / 2 ** 20,
    overheads: new Map(
      values('model_mirror_compare_overhead_seconds_bucket').map(({ labels, value }) => [
        Number(/le="([^"]+)"/.exec(labels)?.[1]?.replace('+Inf', 'Infinity')),
        value,
      ]),
    ),
  };
}

/** @returns milliseconds: the upper bound of the bucket that the share is in. */
function toQuantile(before: Reading['overheads'], after: Reading['overheads'], share: number): number {
  const counts = [...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  const all = counts.at(-1)?.[1] ?? 0;
  return (counts.find(([, count]) => count >= all * share)?.[0] ?? Infinity) * 1000;
}

function toText(ms = Number.POSITIVE_INFINITY): string {
  return `≤ ${Number(ms.toPrecision(2))}`;
}

function toReasons(before: Reading['reasons'], after: Reading['reasons']): string {
  return [...after]
    .flatMap(([reason, count]) => {
      const more = count - (before.get(reason) ?? 0);
      return more > 0 ? `${reason} ${more}` : [];
    })
    .join(', ');
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await isTrue().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error('the comparer does not become ready');
}

function say(row: string, text: string, isFine: boolean): void {
  if (!isFine) misses++;
  process.stdout.write(`${isFine ? 'ok  ' : 'MISS'} ${row.padEnd(12)} ${text}\n`);
}

for (const row of rows.filter(({ name }) => name.includes(flags.only))) await measure(row);
rmSync(dirname(script), { recursive: true });
process.exit(misses > 0 ? 1 : 0);
