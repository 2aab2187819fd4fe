/** Simulates the whole procedure, and the fixed window beside it: how often each is wrong, and what it takes to be right. */
import { brakeBudget, computeAlpha } from '../../src/core/analysis/budget.ts';
import { computeBrakeChance } from './brake-chance.ts';
import { type CandidateRun, checks, confidence, steps } from './candidate-run.ts';
import { runAll } from './jobs.ts';
import { toUpperBound } from './proportion.ts';

/** Calls of each check in five minutes: from one in fifteen seconds to seven a second. */
export const volumes = [20, 100, 500, 2000] as const;
export const days = 30;
const blocks = (days * 86_400) / 300;
const limits = checks.map(({ limit }) => limit);
export const alpha = computeAlpha(confidence, checks.length, steps);

export interface Wrong {
  readonly candidate: string;
  readonly runs: number;
  readonly bySequence: number;
  readonly byBrake: number;
  /** With a confidence of 95 %. */
  readonly upper: number;
  /** Runs in which all steps were Passing. */
  readonly passed: number;
}

const candidates = [
  { candidate: 'exactly at all four limits', factor: 1, part: 0.5 },
  { candidate: 'at 90 % of all four limits', factor: 0.9, part: 0.3 },
  { candidate: 'at half of all four limits', factor: 0.5, part: 0.2 },
] as const;

/** @param runs of all candidates together */
export async function findWrong(runs: number): Promise<readonly Wrong[]> {
  const terms = candidates.flatMap(({ factor, part }, i) =>
    Array.from({ length: Math.round(runs * part) }, (_, nth) => ({
      seed: 1_000_003 * (i + 1) + nth * 7919,
      days,
      rates: limits.map((limit) => limit * factor),
      callsPerBlock: volumes[nth % volumes.length] ?? 100,
    })),
  );
  const found = await runAll('runCandidate', terms);
  let from = 0;
  return candidates.map(({ candidate, part }) => {
    const some = found.slice(from, from + Math.round(runs * part));
    from += some.length;
    return toWrong(candidate, some);
  });
}

function toWrong(candidate: string, found: readonly CandidateRun[]): Wrong {
  const count = (is: (run: CandidateRun) => boolean) => found.filter(is).length;
  const failing = count((run) => run.failing !== undefined);
  return {
    candidate,
    runs: found.length,
    bySequence: count((run) => run.failing === 'sequence'),
    byBrake: count((run) => run.failing === 'brake'),
    upper: toUpperBound(failing, found.length),
    passed: count((run) => run.passed === steps),
  };
}

/** A candidate that is fine, but for one check: that is at twice its limit of 1 %. */
export async function findPower(runs: number): Promise<{ readonly calls: readonly number[]; readonly runs: number }> {
  const rates = limits.map((limit, i) => (i === 1 ? 2 * limit : limit / 2));
  const terms = Array.from({ length: runs }, (_, nth) => ({
    seed: 5_000_011 + nth * 7919,
    days,
    rates,
    callsPerBlock: 100,
  }));
  const found = await runAll('runCandidate', terms);
  const calls = found.map((run) => (run.failing === undefined ? Number.POSITIVE_INFINITY : run.calls));
  return { calls: calls.toSorted((one, other) => one - other), runs };
}

export interface CallsNeeded {
  readonly limit: number;
  readonly rate: number;
  readonly standing: 'over' | 'within';
  readonly median: number;
  readonly ninety: number;
}

/** @param budget the error probability of the check */
export async function findCallsNeeded(
  limit: number,
  rates: readonly number[],
  budget: number,
  runs: number,
): Promise<readonly CallsNeeded[]> {
  const found: CallsNeeded[] = [];
  for (const [i, rate] of rates.entries()) {
    const terms = Array.from({ length: runs }, (_, nth) => ({
      seed: 9_000_049 * (i + 1) + nth * 7919,
      limit,
      rate,
      alpha: budget,
      most: 300_000,
    }));
    const calls = (await runAll('countCalls', terms)).map((run) => run.calls).toSorted((one, other) => one - other);
    found.push({
      limit,
      rate,
      standing: rate > limit ? 'over' : 'within',
      median: calls[Math.floor(runs * 0.5)] ?? Number.NaN,
      ninety: calls[Math.floor(runs * 0.9)] ?? Number.NaN,
    });
  }
  return found;
}

/** For thirty days, of a candidate exactly at all four limits, by the brake alone and looking after every call: exact. */
export function findBrakeChance(callsPerBlock: number): number {
  let chance = 0;
  for (const limit of limits) chance += computeBrakeChance(callsPerBlock, limit, limit, brakeBudget / checks.length);
  return 1 - (1 - chance) ** blocks;
}

export interface WindowFound {
  readonly rate: number;
  readonly thresholdFails: number;
  readonly zTestFails: number;
  readonly flipsADay: number;
}

/** One check with a limit of 1 %, 100 calls in five minutes. */
export async function findFixedWindow(rates: readonly number[], runs: number): Promise<readonly WindowFound[]> {
  const found: WindowFound[] = [];
  for (const [i, rate] of rates.entries()) {
    const terms = Array.from({ length: runs }, (_, nth) => ({
      seed: 12_000_017 * (i + 1) + nth * 7919,
      looks: blocks,
      callsPerLook: 100,
      rate,
      limit: 0.01,
    }));
    const all = await runAll('runFixedWindow', terms);
    found.push({
      rate,
      thresholdFails: all.filter(({ threshold }) => threshold !== undefined).length / runs,
      zTestFails: all.filter(({ zTest }) => zTest !== undefined).length / runs,
      flipsADay: all.reduce((sum, { flips }) => sum + flips, 0) / runs / days,
    });
  }
  return found;
}
