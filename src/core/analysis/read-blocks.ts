import * as v from 'valibot';
import { type Block, minuteMs } from './block.ts';

/** Longer ones are no names of ours. */
const word = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
/** Sums of a month of such blocks are exact. */
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1e9));
const reasons = v.pipe(v.record(word, count), v.maxEntries(100));
const version = v.object({ name: word, digest: word });
/** A year after 2200: whatever is later is no time. */
const latest = 7_500_000_000_000;
const time = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(latest));

const checkCount = v.pipe(
  v.object({ check: word, bad: count, all: count, noiseBad: v.optional(count), noiseAll: v.optional(count) }),
  v.check(({ bad, all, noiseBad = 0, noiseAll = 0 }) => bad <= all && noiseBad <= noiseAll),
);

const block = v.pipe(
  v.object({
    id: word,
    replica: word,
    start: time,
    end: time,
    namespace: word,
    model: word,
    subject: v.object({
      primary: version,
      candidate: version,
      analysis: word,
      step: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      attempt: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    }),
    counts: v.pipe(
      v.array(checkCount),
      v.maxLength(100),
      v.check((counts) => new Set(counts.map(({ check }) => check)).size === counts.length),
    ),
    coverage: v.object({ received: count, compared: count, dropped: reasons, unknown: reasons }),
  }),
  v.check(({ start, end }) => start <= end && end <= nextMinute(start)),
);

/**
 * The blocks in what a replica has answered, parsed from JSON, whatever that is. What is not a block is left out: it is lost
 * coverage, as from a replica that does not answer.
 */
export function readBlocks(value: unknown): readonly Block[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item) => {
    const { success, output } = v.safeParse(block, item, { abortEarly: true });
    return success ? [output] : [];
  });
}

function nextMinute(time: number): number {
  return Math.floor(time / minuteMs + 1) * minuteMs;
}
