/** Where somebody is who reads a ledger: the text that they get with a page, and ask for the next one with. */

/** What a cursor must match, so that it means anything. */
interface Known {
  readonly replica: string;
  /** How often sums have changed. */
  readonly folds: number;
  /** How many blocks there are. */
  readonly count: number;
}

export interface Cursor {
  readonly at: 'sums' | 'blocks';
  /** How many of them were read, of all that there ever were. */
  readonly after: number;
}

export function toBlockCursor(replica: string, after: number): string {
  return `${replica}.${after}`;
}

export function toSumCursor(replica: string, folds: number, after: number): string {
  return `${replica}.${after}.${folds}`;
}

/** Whether a text may be a cursor of some run. */
export function isCursor(text: string): boolean {
  const [replica = '', ...numbers] = text.split('.');
  return (
    text.length <= 200 &&
    replica !== '' &&
    (numbers.length === 1 || numbers.length === 2) &&
    numbers.every(
      (number) => String(Number(number)) === number && Number.isSafeInteger(Number(number)) && Number(number) >= 0,
    )
  );
}

/** @param text a cursor; one of another run leads to the start */
export function readCursor(text: string | undefined, { replica, folds, count }: Known): Cursor {
  const [of, after, fold] = text?.split('.') ?? [];
  const start: Cursor = { at: 'sums', after: 0 };
  if (of !== replica) return start;
  if (fold === undefined) return Number(after) <= count ? { at: 'blocks', after: Number(after) } : start;
  return Number(fold) === folds ? { at: 'sums', after: Number(after) } : start;
}
