/**
 * What judging costs a watcher, in CPU time per model and look: four checks, two replicas with a block per minute each, all of
 * the last 15 minutes as JSON at every look. `npm run bench:judge`
 */
import { type Block, minuteMs } from '../../src/core/analysis/block.ts';
import { toCheckId } from '../../src/core/analysis/check-id.ts';
import { type Judging, judge } from '../../src/core/analysis/judge.ts';
import { readBlocks } from '../../src/core/analysis/read-blocks.ts';
import { checks } from '../statistics/candidate-run.ts';
import { toBinomial, toRandom } from '../statistics/random.ts';

const models = 2000;
const minutes = 20;
const keptMinutes = 15;
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
function toBlock(model: number, replica: string, minute: number): Block {
  const start = since + minute * minuteMs;
  return {
    id: `${replica}-${model}-${minute}`,
    replica,
    start,
    end: start + minuteMs,
    namespace: 'models',
    model: `model-${model}`,
    subject: toSubject(model),
    counts: ids.map((check, i) => ({ check, bad: toBinomial(50, checks[i]?.limit ?? 0, random), all: 50 })),
    coverage: { received: 60, compared: 50, dropped: { busy: 10 }, unknown: {} },
  };
}

const published: Block[][] = Array.from({ length: models }, () => []);
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
  for (const [model, blocks] of published.entries()) {
    blocks.push(toBlock(model, 'a', minute), toBlock(model, 'b', minute));
    while (blocks.length > 2 * keptMinutes) blocks.shift();
  }
  const texts = published.map((blocks) => JSON.stringify(blocks));
  const read = measure('reading', () => texts.map((text) => readBlocks(JSON.parse(text))));
  const now = since + (minute + 1) * minuteMs;
  const look = { analysis, steps: 4, holdMs: 0, openSince: since, now, answeredAt: now, decided: undefined };
  measure('judging', () => {
    for (const [model, blocks] of read.entries())
      judgings[model] = judge(judgings[model], { ...look, subject: toSubject(model), blocks }).judging;
  });
}

for (const [part, took] of Object.entries(spent))
  process.stdout.write(`${part}: ${(took / models / minutes / 1000).toFixed(3)} ms of CPU per model and look\n`);
