import type { AnalysisCheck } from '../../../src/core/analysis/analysis.ts';
import type { Block, CheckCount, Coverage } from '../../../src/core/analysis/block.ts';
import { minuteMs } from '../../../src/core/analysis/block.ts';
import { type Judging, judge, type Look } from '../../../src/core/analysis/judge.ts';
import { addBlock, beginTally, type Tally } from '../../../src/core/analysis/tally.ts';
import type { AnalysisTask } from '../../../src/core/analysis/task.ts';
import type { AnalysisSubject } from '../../../src/core/input/verdict-schema.ts';

export const subject: AnalysisSubject = {
  primary: { name: 'wisdom-0', digest: 'sha256:0a' },
  candidate: { name: 'wisdom-1', digest: 'sha256:1a' },
  analysis: 'sha256:ff',
  step: 0,
  attempt: 0,
};

export const errors: AnalysisCheck = { code: 'errors.candidateOnly', limit: 0.01 };
export const withinNoise: AnalysisCheck = {
  code: 'agreement',
  limit: 0.02,
  withinNoise: true,
  outputs: [],
  ignore: [],
};

/** What the routes of a candidate without a ramp have compared. */
export function toExampleTask(given: Partial<AnalysisTask> = {}): AnalysisTask {
  return {
    subject,
    checks: [errors],
    noise: false,
    confidence: 0.95,
    minSamples: 500,
    steps: 1,
    holdMs: 0,
    shares: [],
    ...given,
  };
}

/** A whole minute, and a whole five minutes. */
export const since = 1_795_600_200_000;
export const minute = minuteMs;

/** One minute of a replica, the nth since counting began; what is not given follows from the counts. */
export function toBlock(nth: number, counts: readonly CheckCount[], given: Partial<Block> = {}): Block {
  const received = Math.max(0, ...counts.map(({ all }) => all));
  const start = since + nth * minute;
  const coverage: Coverage = { received, compared: received, dropped: {}, unknown: {} };
  return {
    start,
    end: start + minute,
    namespace: 'models',
    model: 'wisdom',
    subject,
    counts,
    coverage,
    ...given,
  };
}

export const toErrors = (bad: number, all: number): readonly CheckCount[] => [{ check: errors.code, bad, all }];

/** Four blocks of 100 calls a minute with so many bad ones each. */
export const look: Look = {
  subject,
  analysis: { checks: [errors], confidence: 0.95, minSamples: 500 },
  steps: 1,
  holdMs: 0,
  openSince: since,
  now: since,
  tally: undefined,
  answeredAt: since,
  decided: undefined,
};

/** All that was counted of the subject, as somebody has it who read all blocks at once. */
export function toTally(blocks: readonly Block[], now: number): Tally {
  return blocks.reduce((tally, block) => addBlock(tally, block, now), beginTally(blocks[0]?.subject ?? subject));
}

/** Looks every ten seconds, and has each block as soon as it has ended. */
export function watch(
  blocks: readonly Block[],
  minutes: number,
  terms: Partial<Look> = {},
  before: Judging | undefined = undefined,
) {
  let judging = before;
  let tally = beginTally(blocks[0]?.subject ?? subject);
  let found: ReturnType<typeof judge> | undefined;
  for (let now = since; now <= since + minutes * minute; now += 10_000) {
    const fresh = blocks.filter(({ end }) => end <= now && end > now - 10_000);
    tally = fresh.reduce((sum, block) => addBlock(sum, block, now), tally);
    found = judge(judging, { ...look, answeredAt: now, ...terms, now, tally });
    judging = found.judging;
    if (found.verdict.verdict === 'Failing') break;
  }
  if (found === undefined) throw new Error('nobody looked');
  return { ...found, at: found.verdict };
}

/** As many minutes as there are numbers of bad calls, each of `all`. */
export function toBlocks(bad: readonly number[], all: number): readonly Block[] {
  return bad.map((n, i) => toBlock(i, toErrors(n, all)));
}
