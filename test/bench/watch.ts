/**
 * `npm run bench:watch`: the watcher as a process, between the fake cluster and a real git server, at
 * 100, 1,000 and 10,000 models with a primary and a candidate each (four live objects, three files).
 *
 * Prints memory, seconds from an event to the pushed commit, ten thousand changes at once, and where the
 * time goes. Ends with 1 when a target is missed or git finds something wrong. Sizes may be given. With `-- --standard` the
 * models are in Standard mode, with a Deployment and a Pod for each version.
 *
 * With `-- --against PATH/model-mirror.cjs` that build and this one do the same in turn, in `--pairs N` pairs (default 20)
 * at each size (default 1,000), and the CPU time of both watchers is printed, with the ratio to the other build: of a
 * machine that does something else as well, it says more than seconds do.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import type { Written } from '../../src/demo/fakes/kubernetes/object.ts';
import { loaded, loading } from '../core/observe/live-objects.ts';
import { pending } from '../core/serving/standard/objects.ts';
import { program, toManifests, toModelText, until, WatchScene } from '../watch/watch-scene.ts';
import { median } from './race.ts';
import { addWorkloads, completeRollout } from './standard-objects.ts';

const { values: flags, positionals } = parseArgs({
  options: {
    against: { type: 'string' },
    pairs: { type: 'string', default: '20' },
    standard: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const pairs = Number(flags.pairs);
const sizes =
  positionals.length > 0 ? positionals.map(Number) : flags.against === undefined ? [100, 1000, 10_000] : [1000];
/** In pairs it is their number that makes the result certain. */
const changes = flags.against === undefined ? 40 : 10;

interface Result {
  readonly models: number;
  readonly firstSeconds: number;
  readonly memory: number;
  readonly median: number;
  readonly p99: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly allSeconds: number;
  readonly allCommits: number;
  readonly allMemory: number;
  /** Of the watcher, in user and kernel mode. */
  readonly cpuSeconds: number;
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const problems: string[] = [];
if (flags.against === undefined) {
  const results: Result[] = [];
  for (const size of sizes) results.push(await run(size, program));
  report(results);
} else for (const size of sizes) await compare(size, resolve(flags.against));

async function compare(models: number, other: string): Promise<void> {
  const both: { readonly own: number; readonly other: number }[] = [];
  process.stdout.write(`CPU seconds of the watcher at ${models} models\n  pair    other     own   ratio\n`);
  const say = (title: string, one: (typeof both)[number], ratio: number) =>
    process.stdout.write(
      `  ${title.padEnd(6)}${one.other.toFixed(2).padStart(7)}${one.own.toFixed(2).padStart(8)}${ratio.toFixed(3).padStart(8)}\n`,
    );
  for (let i = 0; i < pairs; i++) {
    // Whichever is first may have the quieter machine.
    const isOwnFirst = i % 2 === 1;
    const first = (await run(models, isOwnFirst ? program : other)).cpuSeconds;
    const second = (await run(models, isOwnFirst ? other : program)).cpuSeconds;
    const pair = isOwnFirst ? { own: first, other: second } : { own: second, other: first };
    both.push(pair);
    say(String(i + 1), pair, pair.own / pair.other);
  }
  const middle = { own: median(both.map(({ own }) => own)), other: median(both.map((pair) => pair.other)) };
  say('median', middle, median(both.map((pair) => pair.own / pair.other)));
}

async function run(models: number, build: string): Promise<Result> {
  const ends: (() => unknown)[] = [];
  try {
    return await measure(models, build, ends);
  } finally {
    for (const end of ends) await end();
  }
}

async function measure(models: number, build: string, ends: (() => unknown)[]): Promise<Result> {
  const cluster = await startKubernetes({ historyLength: 100_000 });
  const scene = await WatchScene.start({ teardown: (end) => ends.push(end) }, { cluster });
  const load = (name: string) => {
    if (flags.standard) completeRollout(cluster, name);
    else cluster.patchStatus('inferenceservices', 'models', name, loaded);
  };
  const names = Array.from({ length: models }, (_, i) => `model-${String(i).padStart(5, '0')}`);
  const files = names.flatMap((name) => [
    [`models/${name}/model.yaml`, toModelText(name)],
    [
      `models/${name}/policy.yaml`,
      `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: ${name}}\nspec: {mirrorPercentage: 20}\n`,
    ],
    [`models/${name}/notes.md`, `# ${name}\n\nWhat people write beside it.\n`],
  ]);
  await scene.commit(Object.fromEntries(files));
  for (const name of names) {
    for (const manifest of toManifests(name, `models/${name}`)) cluster.apply(inMode(manifest));
    const [, , route] = toManifests(name, `models/${name}`);
    if (route !== undefined)
      cluster.apply({
        ...route,
        metadata: { ...route.metadata, name: `${name}-mirror`, annotations: {} } as typeof route.metadata,
      });
    if (flags.standard) for (const n of [0, 1]) addWorkloads(cluster, `${name}-${n}`);
    load(`${name}-0`);
    cluster.patchStatus('inferenceservices', 'models', `${name}-1`, flags.standard ? pending : loading);
  }
  const tip = () => readFileSync(join(scene.bare, 'refs/heads/main'), 'utf8');
  const before = tip();
  const start = performance.now();
  const watcher = scene.watch(
    [
      ...['--settle', '5s', '--batch-window', '500ms', '--git-interval', '30s'],
      ...['--watch-timeout', '30s', '--listen', '127.0.0.1:0'],
    ],
    {},
    build,
  );
  await until('the first sync is committed', () => tip() !== before, 120_000);
  const firstSeconds = (performance.now() - start) / 1000;
  await sleep(3000);
  const memory = toMiB(watcher.pid, 'VmRSS');
  const waited: number[] = [];
  for (let i = 0; i < changes; i++) {
    const old = tip();
    const at = performance.now();
    const name = names[(i * 7919) % names.length] ?? '';
    load(`${name}-1`);
    while (tip() === old) await sleep(2);
    waited.push((performance.now() - at) / 1000);
    await sleep(Math.max(0, 1000 - (performance.now() - at)));
  }
  const phases = await readPhases(watcher.output);

  // The peak counts from here on.
  writeFileSync(`/proc/${watcher.pid}/clear_refs`, '5');
  const commits = async () => Number((await scene.git('rev-list', '--count', 'main')).trim());
  const commitsBefore = await commits();
  const all = performance.now();
  // Those that were changed above are loaded already; all others get so at one moment.
  for (const name of names) load(`${name}-1`);
  await until(
    'all is committed',
    async () => {
      const old = tip();
      const loadingStill = await scene.git('grep', '-l', 'state: Loading', 'main', '--', 'models').catch(() => '');
      return loadingStill === '' && tip() === old;
    },
    120_000,
  );
  const allSeconds = (performance.now() - all) / 1000;
  await sleep(1500);
  const allCommits = (await commits()) - commitsBefore;
  const allMemory = toMiB(watcher.pid, 'VmHWM');
  const cpuSeconds = toCpuSeconds(watcher.pid);
  const wrong = await scene.fsck();
  if (wrong !== '') problems.push(`git fsck at ${models}: ${wrong}`);
  watcher.signal('SIGTERM');
  await watcher.ended;
  const sorted = waited.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return {
    ...{ models, firstSeconds, memory, median: at(0.5), p99: at(0.99), phases },
    ...{ allSeconds, allCommits, allMemory, cpuSeconds },
  };
}

/** The 14th and 15th field of proc_pid_stat(5). */
function toCpuSeconds(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, kernel] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (kernel ?? 0)) / ticksPerSecond;
}

function inMode(manifest: Written): Written {
  if (!flags.standard || manifest.kind !== 'InferenceService') return manifest;
  const { annotations } = manifest.metadata;
  const mode = { 'serving.kserve.io/deploymentMode': 'Standard' };
  return { ...manifest, metadata: { ...manifest.metadata, annotations: { ...annotations, ...mode } } };
}

function toMiB(pid: number, field: string): number {
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

/** Mean seconds of each part of the work with git, from the watcher's own metrics. */
async function readPhases(output: string): Promise<Record<string, number>> {
  const [, address] = /"address":"([^"]+)"/.exec(output) ?? [];
  const text = await (await fetch(`http://${address}/metrics`)).text();
  const value = (name: string, phase: string) =>
    Number(
      new RegExp(`^model_mirror_git_phase_seconds_${name}\\{phase="${phase}"\\} (\\S+)$`, 'm').exec(text)?.[1] ?? 0,
    );
  const mean = (phase: string) => value('sum', phase) / Math.max(1, value('count', phase));
  return { look: mean('look'), pack: mean('pack'), send: mean('send') };
}

function report(results: readonly Result[]): void {
  const rows: [string, (result: Result) => string][] = [
    ['first sync committed, s', ({ firstSeconds }) => firstSeconds.toFixed(1)],
    ['memory after it, MiB', ({ memory }) => String(memory)],
    ['event → pushed, median s', ({ median }) => median.toFixed(2)],
    ['event → pushed, p99 s', ({ p99 }) => p99.toFixed(2)],
    ['  of it: the window', () => '0.50'],
    ['  of it: look at the branch', ({ phases }) => (phases['look'] ?? 0).toFixed(3)],
    ['  of it: make the commit', ({ phases }) => (phases['pack'] ?? 0).toFixed(3)],
    ['  of it: send, git checks', ({ phases }) => (phases['send'] ?? 0).toFixed(3)],
    ['all models at once, s', ({ allSeconds }) => allSeconds.toFixed(1)],
    ['  in commits', ({ allCommits }) => String(allCommits)],
    ['  memory at most, MiB', ({ allMemory }) => String(allMemory)],
  ];
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, i) => (i === 0 ? cell.padEnd(30) : cell.padStart(9))).join('')}\n`;
  process.stdout.write(line(['models', ...results.map(({ models }) => String(models))]));
  for (const [title, toCell] of rows) process.stdout.write(line([title, ...results.map(toCell)]));
  const smallest = results[0];
  for (const result of results) {
    const { models, median, p99, memory, allSeconds, allCommits, allMemory } = result;
    const targets: [string, boolean][] = [
      ['median at most 1.5 s', median <= 1.5],
      ['p99 at most 3 s', p99 <= 3],
      ['median at most twice that of the fewest models', median <= 2 * (smallest?.median ?? 0)],
      ['memory after the first sync at most 300 MiB', memory <= 300],
      ['all at once in at most 15 s', allSeconds <= 15],
      ['all at once in at most 2 commits', allCommits <= 2],
      ['all at once in at most 450 MiB', allMemory <= 450],
    ];
    for (const [title, isMet] of targets) if (!isMet) problems.push(`missed at ${models} models: ${title}`);
  }
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
