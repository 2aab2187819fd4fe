import type { AnalysisSubject } from '../input/verdict-schema.ts';
import { type Block, minuteMs } from './block.ts';
import { isSameSubject } from './subject.ts';

/** Blocks of the last minutes, by their ids. */
export type Recent = ReadonlyMap<string, Block>;

/** Replicas keep blocks for 15 minutes: with clocks that differ by one, nothing forgotten after 20 is seen again. */
const memoryMs = 20 * minuteMs;

/** The replica's clock may be 30 s ahead, and the watcher's 30 s behind. */
const aheadMs = minuteMs;

/**
 * A block that cannot arrive again: it is too old.
 *
 * @param looked the last moment that was looked at: it never goes back, unlike clocks
 */
export function isForgotten({ end }: Block, looked: number): boolean {
  return end <= looked - memoryMs;
}

/** The clock was put back by more than the time for which blocks are remembered could make up for. */
export function isFarAhead({ looked }: { readonly looked: number }, now: number): boolean {
  return looked > now + memoryMs / 2;
}

/**
 * Adds the blocks that are about the subject and neither forgotten nor in the future. Each id counts once. Blocks never
 * change; should two have the same id nevertheless, the same one counts, whichever arrives first.
 *
 * @param looked as in `isForgotten`
 * @param now by the clock of who looks, in ms since the epoch
 * @returns the same map if nothing is new
 */
export function remember(
  recent: Recent,
  blocks: readonly Block[],
  subject: AnalysisSubject,
  looked: number,
  now: number,
): Recent {
  let changed: Map<string, Block> | undefined;
  for (const block of blocks) {
    if (isForgotten(block, looked) || block.end > now + aheadMs) continue;
    const known = (changed ?? recent).get(block.id);
    if (known !== undefined && !isPreferred(block, known)) continue;
    if (!isSameSubject(block.subject, subject)) continue;
    changed ??= new Map(recent);
    changed.set(block.id, block);
  }
  return changed ?? recent;
}

/** Any order does, as long as it is one. */
function isPreferred(block: Block, known: Block): boolean {
  return block !== known && toText(block) > toText(known);
}

function toText({ replica, start, end, counts, coverage }: Block): string {
  return JSON.stringify([replica, start, end, counts, coverage]);
}
