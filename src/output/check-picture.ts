/** The true share of bad calls beside its limit, as SVG. */
import type { DecidedCheck } from '../core/input/verdict-schema.ts';
import { toHtmlText } from './html-text.ts';
import { toCheckLimitText, toPercent } from './words/verdict.ts';

/** In the picture's own units. */
const width = 240;
const height = 14;

/** From 0 to a little above the greater of limit and upper bound. */
export function toCheckPicture(check: Pick<DecidedCheck, 'low' | 'high' | 'limit' | 'noise'>): string {
  const { low, high, limit, noise } = check;
  const bound = limit + (noise?.high ?? 0);
  const end = Math.min(1, Math.max(high, bound) * 1.1) || 1;
  const toX = (share: number) => Math.round(Math.min(1, share / end) * (width - 2) * 10) / 10 + 1;
  // Within the limit, above it, or not known yet.
  const colour = high <= bound ? 'ready' : low > bound ? 'failed' : 'loading';
  const text = `between ${toPercent(low)} and ${toPercent(high)}, limit ${toCheckLimitText(check)}`;
  const x = toX(low);
  return `<svg class="bar" viewBox="0 0 ${width} ${height}" role="img" aria-label="${toHtmlText(text)}"><rect class="ground" x="0" y="0" width="${width}" height="${height}"/><rect class="${colour}" x="${x}" y="3" width="${Math.max(3, Math.round((toX(high) - x) * 10) / 10)}" height="8"/><line x1="${toX(bound)}" y1="0" x2="${toX(bound)}" y2="${height}"/></svg>`;
}
