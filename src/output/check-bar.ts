import type { DecidedCheck } from '../core/input/verdict-schema.ts';

const barWidth = 32;

/** Where the true share is, `━`, and the limit, `┃`, from 0 to a little above the greater of the two. */
export function toBar({ low, high, limit, noise }: Pick<DecidedCheck, 'low' | 'high' | 'limit' | 'noise'>): string {
  const bound = limit + (noise?.high ?? 0);
  const end = Math.min(1, Math.max(high, bound) * 1.1) || 1;
  const place = (share: number) => Math.min(barWidth - 1, Math.floor((share / end) * barWidth));
  const cells: string[] = Array.from({ length: barWidth }, (_, i) => (i >= place(low) && i <= place(high) ? '━' : '·'));
  cells[place(bound)] = '┃';
  return cells.join('');
}
