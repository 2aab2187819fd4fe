import type { AnalysisSubject } from './analysis.ts';
import { type Block, endOf } from './block.ts';
import { isSameSubject } from './subject.ts';

export interface Remembered {
  readonly block: Block;
  /** It was fetched when its minute was certainly over: whoever fetches it then gets the same. */
  readonly isWhole: boolean;
}

/** Blocks of the last minutes, by their ids. */
export type Recent = ReadonlyMap<string, Remembered>;

/** What clocks may be apart: 30 s each from the true time. */
const skewMs = 60_000;

/** Replicas keep blocks for 15 minutes: with clocks that differ by one, nothing forgotten after 20 is seen again. */
export const memoryMs = 20 * 60_000;

export interface Remembering {
  readonly subject: AnalysisSubject;
  /** Counting began here, in ms since the epoch: by a commit. */
  readonly since: number;
  /** By the clock of who looks. */
  readonly now: number;
}

/**
 * Adds the blocks that are about the subject, began neither before counting did nor too long ago, and are not in the
 * future. Of two with the same id the later one counts: a block grows during its minute.
 *
 * @returns the same map if nothing is new
 */
export function remember(recent: Recent, blocks: readonly Block[], { subject, since, now }: Remembering): Recent {
  let changed: Map<string, Remembered> | undefined;
  for (const block of blocks) {
    const { start } = block;
    if (start < now - memoryMs || start > now + skewMs || endOf(block) <= since) continue;
    const known = (changed ?? recent).get(block.id);
    const isWhole = now >= endOf(block) + skewMs;
    if (known !== undefined && known.isWhole === isWhole && !isLater(block, known.block)) continue;
    if (!isSameSubject(block.subject, subject)) continue;
    changed ??= new Map(recent);
    const later = known === undefined || isLater(block, known.block) ? block : known.block;
    changed.set(block.id, { block: later, isWhole: isWhole || (known?.isWhole ?? false) });
  }
  return changed ?? recent;
}

/** The same whichever of the two arrives first; of two that no replica of ours can have written, too. */
function isLater(block: Block, known: Block): boolean {
  return block !== known && (toSize(block) - toSize(known) || compare(toText(block), toText(known))) > 0;
}

function toSize({ coverage, counts }: Block): number {
  let size = coverage.received + coverage.compared;
  for (const { all, noiseAll = 0 } of counts) size += all + noiseAll;
  return size;
}

function toText({ replica, start, counts, coverage }: Block): string {
  return JSON.stringify([start, replica, counts, coverage]);
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
