/** What others do: a threshold over the last calls, and a test for one sample size that is repeated at every look. */
import { toBinomial, toRandom } from './random.ts';

const windowCalls = 1000;
/** One-sided, 5 %. */
const criticalZ = 1.645;

export interface WindowTerms {
  readonly seed: number;
  readonly looks: number;
  readonly callsPerLook: number;
  readonly rate: number;
  readonly limit: number;
}

export interface WindowRun {
  /** Calls until the share of the last thousand was above the limit; undefined: never. */
  readonly threshold: number | undefined;
  /** How often that verdict changed. */
  readonly flips: number;
  /** Calls until the z test of all calls said that the limit is exceeded. */
  readonly zTest: number | undefined;
}

export function runFixedWindow({ seed, looks, callsPerLook, rate, limit }: WindowTerms): WindowRun {
  const random = toRandom(seed);
  const kept = Math.round(windowCalls / callsPerLook);
  const last: number[] = [];
  let inWindow = 0;
  let bad = 0;
  let flips = 0;
  let wasOver = false;
  let threshold: number | undefined;
  let zTest: number | undefined;
  for (let nth = 1; nth <= looks; nth++) {
    const more = toBinomial(callsPerLook, rate, random);
    last.push(more);
    inWindow += more;
    if (last.length > kept) inWindow -= last.shift() ?? 0;
    bad += more;
    const all = nth * callsPerLook;
    if (last.length === kept) {
      const isOver = inWindow > limit * windowCalls;
      if (isOver !== wasOver) flips++;
      wasOver = isOver;
      if (isOver) threshold ??= all;
    }
    if ((bad - limit * all) / Math.sqrt(all * limit * (1 - limit)) > criticalZ) zTest ??= all;
  }
  return { threshold, flips, zTest };
}
