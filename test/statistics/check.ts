/**
 * The statistics of the verdict, by what others compute: bounds against mpmath and scipy, and a short form of the simulation
 * of the whole procedure (`npm run bench:verdict` has all of it).
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { computeBounds } from '../../src/core/analysis/beta-binomial.ts';
import { logBeta } from '../../src/core/analysis/log-beta.ts';
import { stackFolder } from '../stack/build.ts';
import { findPower, findWrong } from './procedure.ts';

const exact = 1e-9;
type Case = readonly [bad: number, all: number, limit: number, alpha: number];

function toCases(): readonly Case[] {
  const cases: Case[] = [];
  for (const all of [1, 2, 3, 7, 20, 100, 1000, 12_345, 1e5, 1e6, 1e7, 1e8]) {
    const bads = [0, 1, 2, 5, 30, all * 0.001, all * 0.01, all / 3, all / 2, all - 1, all].map(Math.floor);
    for (const bad of new Set(bads.filter((bad) => bad <= all)))
      for (const limit of [0, 0.0001, 0.002, 0.01, 0.05, 0.3, 1])
        for (const alpha of [0.05, 0.003125, 2.5e-6]) cases.push([bad, all, limit, alpha]);
  }
  return cases;
}

/** Of its size, where that is small; one that is 0 is exactly 0. */
function toError(found: number, expected: number): number {
  return found === expected ? 0 : Math.abs(found - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE);
}

function askOracle(
  cases: readonly Case[],
): readonly (readonly [string, string, string, [number, number | null] | null])[] {
  const { status, stdout, stderr } = spawnSync('python3', [join(import.meta.dirname, 'oracle.py')], {
    input: JSON.stringify(cases),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, PYTHONPATH: join(stackFolder, 'statistics') },
  });
  if (status !== 0) throw new Error(stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

let failed = 0;

function check(what: string, isRight: boolean): void {
  if (!isRight) failed++;
  process.stdout.write(`${isRight ? '✔' : '✘'} ${what}\n`);
}

function compareWithOracle(): void {
  const cases = toCases();
  const answers = askOracle(cases);
  const worst = { logBeta: 0, mpmath: 0, scipy: 0 };
  let byScipy = 0;
  for (const [i, [bad, all, limit, alpha]] of cases.entries()) {
    const answer = answers[i];
    if (answer === undefined) throw new Error('the oracle left out a case');
    const [log, low, high, doubles] = answer;
    const bounds = computeBounds({ bad, all }, limit, alpha);
    const mine = logBeta(bad + 0.5, all - bad + (limit > 0 ? 0.5 / limit : 0.5));
    worst.logBeta = Math.max(worst.logBeta, Math.abs(mine - Number(log)) / Math.max(1, Math.abs(mine)));
    worst.mpmath = Math.max(worst.mpmath, toError(bounds.low, Number(low)), toError(bounds.high, Number(high)));
    if (doubles === null) continue;
    byScipy++;
    const [lowByScipy, highByScipy] = doubles;
    worst.scipy = Math.max(worst.scipy, toError(bounds.low, lowByScipy));
    if (highByScipy !== null) worst.scipy = Math.max(worst.scipy, toError(bounds.high, highByScipy));
  }
  check(
    `${cases.length} logarithms of the beta function: at most ${worst.logBeta.toExponential(1)} off mpmath's`,
    worst.logBeta < 1e-13,
  );
  check(`${cases.length} pairs of bounds: at most ${worst.mpmath.toExponential(1)} off mpmath's`, worst.mpmath < exact);
  check(
    `${byScipy} pairs of bounds: at most ${worst.scipy.toExponential(1)} off scipy's`,
    byScipy > 500 && worst.scipy < exact,
  );
}

async function simulate(): Promise<void> {
  for (const { candidate, runs, bySequence, byBrake, upper } of await findWrong(400))
    check(
      `${candidate}: ${bySequence + byBrake} of ${runs} wrongly Failing in 30 days, so at most ${(upper * 100).toFixed(1)} %`,
      // Of so few, none is proof of no less than 3.7 %.
      bySequence + byBrake <= runs * 0.05,
    );
  const { calls, runs } = await findPower(200);
  const found = calls.filter((needed) => needed <= 5000).length;
  check(`${found} of ${runs} at twice a limit of 1 % are Failing within 5,000 calls`, found >= 0.9 * runs);
}

const started = performance.now();
compareWithOracle();
await simulate();
process.stdout.write(`${((performance.now() - started) / 1000).toFixed(0)} s\n`);
process.exitCode = failed === 0 ? 0 : 1;
