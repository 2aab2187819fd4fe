/**
 * Commands side by side: everything is run in turn, round by round, so that a busy moment of the machine
 * hits all alike, and said as a median and as a ratio to the first, or to the one that it is set beside.
 */
import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

export interface Case {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  /** Too slow to be run again and again: once must do. */
  readonly once?: boolean;
  /** The name of the case that its ratio is to; absent: the first. */
  readonly beside?: string;
  /** How it ends; absent: with 0. */
  readonly status?: number;
}

/** Longer than this nothing is waited for: kustomize's time grows with the square of the objects. */
const patience = 60_000;

interface Measured {
  readonly name: string;
  /** Seconds, one a round; empty when it was stopped. */
  readonly seconds: readonly number[];
  /** The largest resident set, in MiB; undefined where /usr/bin/time is not there. */
  readonly peak: number | undefined;
}

/**
 * Prints a table: median, ratio, least, peak of the memory.
 *
 * @returns the medians in seconds, by the cases' names.
 * @throws Error when a command fails.
 */
export function race(title: string, rounds: number, cases: readonly Case[]): ReadonlyMap<string, number> {
  const measured = measure(rounds, cases);
  const width = Math.max(20, ...cases.map(({ name }) => name.length));
  const all = new Map(measured.map(({ name, seconds }) => [name, median(seconds)]));
  const medians = new Map<string, number>();
  say('', title, `  ${'median'.padStart(width + 10)}  ratio  ${'least'.padStart(9)}     peak`);
  for (const [i, { name, seconds, peak }] of measured.entries()) {
    if (seconds.length === 0) {
      say(`  ${name.padEnd(width)}  stopped after ${patience / 1000} s`);
      continue;
    }
    const middle = median(seconds);
    const base = all.get(cases[i]?.beside ?? cases[0]?.name ?? '') ?? middle;
    medians.set(name, middle);
    const columns = [
      name.padEnd(width),
      toText(middle).padStart(10),
      (middle / base).toFixed(2).padStart(5),
      toText(Math.min(...seconds)).padStart(9),
      peak === undefined ? '' : `${peak.toFixed(0).padStart(4)} MiB`,
    ];
    say(`  ${columns.join('  ')}`);
  }
  return medians;
}

function measure(rounds: number, cases: readonly Case[]): Measured[] {
  const seconds = cases.map((): number[] => []);
  const peaks = cases.map((): number | undefined => undefined);
  const timer = existsSync('/usr/bin/time');
  const stopped = new Set<string>();
  // The first round warms the disk's cache and is not counted.
  for (let round = 0; round <= rounds; round++)
    for (const [i, { command, cwd, name, once, status: wanted = 0 }] of cases.entries()) {
      if (stopped.has(name) || (once && round !== 1)) continue;
      const [file = '', ...words] = command;
      const start = process.hrtime.bigint();
      const options: SpawnSyncOptionsWithStringEncoding = {
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
        timeout: patience,
        ...(cwd === undefined ? {} : { cwd }),
      };
      const { status, stderr, error } = spawnSync(file, words, options);
      const end = process.hrtime.bigint();
      if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') {
        stopped.add(name);
        continue;
      }
      if (status !== wanted) throw new Error(`${name} ended with ${status}: ${stderr}`);
      if (round > 0) seconds[i]?.push(Number(end - start) / 1e9);
      else if (timer) peaks[i] = measurePeak(command, options);
    }
  return cases.map(({ name }, i) => ({ name, seconds: seconds[i] ?? [], peak: peaks[i] }));
}

/** In MiB. In a run of its own: the timer is a process too. */
function measurePeak(command: readonly string[], options: SpawnSyncOptionsWithStringEncoding): number {
  const { stderr } = spawnSync('/usr/bin/time', ['-f', '%M', ...command], options);
  return Number(stderr.trim().split('\n').at(-1)) / 1024;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function toText(time: number): string {
  return time < 1 ? `${(time * 1000).toFixed(1)} ms` : `${time.toFixed(2)} s`;
}

export function say(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}
