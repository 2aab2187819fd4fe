import * as v from 'valibot';
import { type Block, type BlockPage, type BlockSum, minuteMs } from './block.ts';

/** Longer ones are no names of ours. */
const word = v.pipe(v.string(), v.minLength(1), v.maxLength(500));
/** Sums of a month of such blocks are exact. */
const mostOfBlock = 1e9;
/** Sums of such sums, of a hundred replicas, are exact. */
const mostOfSum = 1e13;
const version = v.object({ name: word, digest: word });
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A year after 2200: whatever is later is no time. */
const latest = 7_500_000_000_000;
const time = v.pipe(whole, v.maxValue(latest));

function toBlockSchema(most: number) {
  const number = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(most));
  const reasons = v.pipe(v.record(word, number), v.maxEntries(100));
  const checkCount = v.pipe(
    v.object({ check: word, bad: number, all: number, noiseBad: v.optional(number), noiseAll: v.optional(number) }),
    v.check(({ bad, all, noiseBad = 0, noiseAll = 0 }) => bad <= all && noiseBad <= noiseAll),
  );
  return v.pipe(
    v.object({
      start: time,
      end: time,
      namespace: word,
      model: word,
      subject: v.object({ primary: version, candidate: version, analysis: word, step: whole, attempt: whole }),
      counts: v.pipe(
        v.array(checkCount),
        v.maxLength(100),
        v.check((counts) => new Set(counts.map(({ check }) => check)).size === counts.length),
      ),
      coverage: v.object({ received: number, compared: number, dropped: reasons, unknown: reasons }),
    }),
    v.check(({ start, end }) => start <= end),
  );
}

const block = v.pipe(
  toBlockSchema(mostOfBlock),
  v.check(({ start, end }) => end <= nextMinute(start)),
);
const blockSum = toBlockSchema(mostOfSum);

/** Servers end connections for longer addresses. */
const cursor = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
/** A replica sends fewer. */
const items = v.pipe(v.array(v.unknown()), v.maxLength(10_000));

const page = v.object({
  replica: word,
  isStart: v.boolean(),
  sums: items,
  hasMoreSums: v.boolean(),
  first: v.pipe(whole, v.minValue(1)),
  blocks: items,
  next: cursor,
  hasMore: v.boolean(),
});

/**
 * What a replica has answered, parsed from JSON, whatever that is. What is not a block, or not a sum, is left out: it is lost
 * coverage, as from a replica that does not answer.
 *
 * @returns undefined: it is no page
 */
export function readPage(value: unknown): BlockPage | undefined {
  const read = v.safeParse(page, value, { abortEarly: true });
  if (!read.success) return undefined;
  const { sums, blocks } = read.output;
  return { ...read.output, sums: sums.flatMap((sum) => readSum(sum) ?? []), blocks: blocks.map(readBlock) };
}

function readBlock(value: unknown): Block | undefined {
  const { success, output } = v.safeParse(block, value, { abortEarly: true });
  return success ? output : undefined;
}

function readSum(value: unknown): BlockSum | undefined {
  const { success, output } = v.safeParse(blockSum, value, { abortEarly: true });
  return success ? output : undefined;
}

function nextMinute(time: number): number {
  return Math.floor(time / minuteMs + 1) * minuteMs;
}
