/**
 * What judging costs a watcher, in CPU time per model and minute: four checks, two replicas with a block per minute each.
 * `npm run bench:judge`
 */
import { type Block, minuteMs } from '../../src/core/analysis/block.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import { type Judging, judge } from '../../src/core/analysis/judge.ts';
import { readPage } from '../../src/core/analysis/read-page.ts';
import { addBlock, beginTally } from '../../src/core/analysis/tally.ts';
import { checks } from '../statistics/candidate-run.ts';
import { toBinomial, toRandom } from '../statistics/random.ts';

const models = 2000;
const minutes = 20;
const since = 1_795_564_800_000;
const random = toRandom(1);
const analysis = { checks, confidence: 0.95, minSamples: 500 };
const ids = checks.map(toCheckId);

function toSubject(model: number) {
  return {
    primary: { name: `model-${model}-0`, digest: `sha256:${model}a` },
    candidate: { name: `model-${model}-1`, digest: `sha256:${model}b` },
    analysis: 'sha256:ff',
    step: 0,
    attempt: 0,
  };
}

/** At its limits, so that nothing is ever decided. */
function toBlock(model: number, minute: number): Block {
  const start = since + minute * minuteMs;
  return {
    start,
    end: start + minuteMs,
    namespace: 'models',
    model: `model-${model}`,
    subject: toSubject(model),
    counts: ids.map((check, i) => ({ check, bad: toBinomial(50, checks[i]?.limit ?? 0, random), all: 50 })),
    coverage: { received: 60, compared: 50, dropped: { busy: 10 }, unknown: {} },
  };
}

const tallies = Array.from({ length: models }, (_, model) => beginTally(toSubject(model)));
const judgings = new Array<Judging | undefined>(models);
const spent = { reading: 0, judging: 0 };

function measure<T>(part: keyof typeof spent, run: () => T): T {
  const before = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(before);
  spent[part] += user + system;
  return result;
}

for (let minute = 0; minute < minutes; minute++) {
  const page = { replica: 'a', isStart: false, sums: [], hasMoreSums: false, first: 1, next: 'a.2', hasMore: false };
  const texts = tallies.map((_, model) =>
    JSON.stringify({ ...page, blocks: [toBlock(model, minute), toBlock(model, minute)] }),
  );
  const read = measure('reading', () => texts.map((text) => readPage(JSON.parse(text))?.blocks ?? []));
  const now = since + (minute + 1) * minuteMs;
  const look = { analysis, steps: 4, holdMs: 0, openSince: since, now, answeredAt: now, decided: undefined };
  measure('judging', () => {
    for (const [model, blocks] of read.entries()) {
      const tally = blocks.reduce(
        (sum, block) => (block === undefined ? sum : addBlock(sum, block, now)),
        tallies[model] ?? beginTally(toSubject(model)),
      );
      tallies[model] = tally;
      judgings[model] = judge(judgings[model], { ...look, subject: toSubject(model), tally }).judging;
    }
  });
}

for (const [part, took] of Object.entries(spent))
  process.stdout.write(`${part}: ${(took / models / minutes / 1000).toFixed(3)} ms of CPU per model and minute\n`);
