/** How far a check is from a decision, if calls go on as they did. */
import { type Count, findStanding, type JudgedCheck } from './figures.ts';

export interface ForecastTerms {
  /** The error probability of the check. */
  readonly alpha: number;
  readonly minSamples: number;
  /** Calls a minute lately. */
  readonly perMinute: number;
}

export interface Forecast {
  /** Which way it goes, at the proportion seen so far. */
  readonly towards: 'Passing' | 'Failing';
  /** More calls, about; undefined: more than the rule is exact for, as when the proportion is the limit itself. */
  readonly missing: number | undefined;
  /** Undefined: never, at this rate. */
  readonly minutes: number | undefined;
}

/** For more calls than this the rule is not proven. */
const mostCalls = 1e8;

export function forecast(check: JudgedCheck, count: Count, { alpha, minSamples, perMinute }: ForecastTerms): Forecast {
  const { bad, all, noiseBad, noiseAll } = count;
  const excess = toShare(bad, all) - (check.withinNoise ? toShare(noiseBad, noiseAll) : 0);
  const towards = excess > check.limit ? 'Failing' : 'Passing';
  const wanted = towards === 'Failing' ? 'over' : 'within';
  const least = towards === 'Failing' ? 1 : minSamples;
  const isDecided = (calls: number) =>
    calls >= least && findStanding(check, continueTo(calls, count), alpha) === wanted;
  const missing = findLeast(all, isDecided);
  if (missing === undefined) return { towards, missing, minutes: undefined };
  if (missing === 0) return { towards, missing, minutes: 0 };
  return { towards, missing, minutes: perMinute > 0 ? missing / perMinute : undefined };
}

/** The least number of calls more at which it is decided: doubled until it is, then halved in between. */
function findLeast(all: number, isDecided: (calls: number) => boolean): number | undefined {
  if (isDecided(all)) return 0;
  let none = 0;
  let enough = 1;
  while (!isDecided(all + enough)) {
    none = enough;
    enough *= 2;
    if (all + enough > mostCalls) return undefined;
  }
  while (enough - none > 1) {
    const middle = Math.floor((none + enough) / 2);
    if (isDecided(all + middle)) enough = middle;
    else none = middle;
  }
  return enough;
}

/** As if the calls to come had the same proportions; fractions of calls are fine for the rule. */
function continueTo(calls: number, { bad, all, noiseBad, noiseAll }: Count): Count {
  const share = all === 0 ? 0 : calls / all;
  return { bad: bad * share, all: calls, noiseBad: noiseBad * share, noiseAll: noiseAll * share };
}

function toShare(bad: number, all: number): number {
  return all === 0 ? 0 : bad / all;
}
