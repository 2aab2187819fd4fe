/**
 * A candidate's life of up to thirty days, judged by the program's own fold: four steps of a ramp, then the brake alone.
 * Replicas report once every five minutes, in the last of them.
 */
import type { AnalysisCheck } from '../../src/core/analysis/analysis.ts';
import type { Block } from '../../src/core/analysis/block.ts';
import { brakeMs } from '../../src/core/analysis/budget.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import { type Judging, judge, type Look } from '../../src/core/analysis/judge.ts';
import { lagMs } from '../../src/core/analysis/sequence.ts';
import { addBlock, beginTally } from '../../src/core/analysis/tally.ts';
import { toBinomial, toRandom } from './random.ts';

export const checks: readonly AnalysisCheck[] = [
  { code: 'errors.candidateOnly', limit: 0.002 },
  { code: 'latency', overMs: 200, limit: 0.01 },
  { code: 'slower', times: 1.5, limit: 0.05 },
  { code: 'agreement', limit: 0.02, withinNoise: false, outputs: [], ignore: [] },
];

const ids = checks.map(toCheckId);
export const steps = 4;
export const confidence = 0.95;
const blocksPerDay = 86_400_000 / brakeMs;
/** The beginning of a day. */
const since = 1_795_564_800_000;
const minuteMs = 60_000;

export interface CandidateTerms {
  readonly seed: number;
  readonly days: number;
  /** The true proportion of bad calls of each check. */
  readonly rates: readonly number[];
  readonly callsPerBlock: number;
}

export interface CandidateRun {
  readonly failing: 'sequence' | 'brake' | undefined;
  /** Calls of the candidate until then, or until the end. */
  readonly calls: number;
  readonly looks: number;
  /** How many steps were Passing. */
  readonly passed: number;
}

export function runCandidate({ seed, days, rates, callsPerBlock: all }: CandidateTerms): CandidateRun {
  const random = toRandom(seed);
  const analysis = { checks, confidence, minSamples: 500 };
  let subject = toSubject(0);
  let passed = 0;
  let began = since;
  let judging: Judging | undefined;
  let tally = beginTally(subject);
  const looks = days * blocksPerDay;
  for (let nth = 1; nth <= looks; nth++) {
    const end = since + nth * brakeMs;
    const now = end + lagMs;
    const counts = ids.map((check, i) => ({ check, bad: toBinomial(all, rates[i] ?? 0, random), all }));
    const block: Block = {
      start: end - minuteMs,
      end,
      namespace: 'models',
      model: 'wisdom',
      subject,
      counts,
      coverage: { received: all, compared: all, dropped: {}, unknown: {} },
    };
    tally = addBlock(tally, block, now);
    const look: Look = {
      subject,
      analysis,
      steps,
      holdMs: 30 * minuteMs,
      openSince: began,
      now,
      tally,
      answeredAt: now,
      decided: undefined,
    };
    const found = judge(judging, look);
    judging = found.judging;
    const { verdict } = found;
    if (verdict.verdict === 'Failing') return { failing: verdict.decided.by, calls: nth * all, looks: nth, passed };
    if (verdict.verdict === 'Unknown') throw new Error(`blind: ${verdict.reason.code}`);
    if (verdict.verdict !== 'Passing' || passed === steps) continue;
    passed++;
    if (passed === steps) continue;
    subject = toSubject(passed);
    began = end;
    tally = beginTally(subject);
    judging = undefined;
  }
  return { failing: undefined, calls: looks * all, looks, passed };
}

function toSubject(step: number): Look['subject'] {
  return {
    primary: { name: 'wisdom-0', digest: 'sha256:0a' },
    candidate: { name: 'wisdom-1', digest: 'sha256:1a' },
    analysis: 'sha256:ff',
    step,
    attempt: 0,
  };
}
