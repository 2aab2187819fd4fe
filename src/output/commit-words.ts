import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, maskLine } from '../core/diagnostics/safe-text.ts';

/** What hosts and CI systems obey in a commit message, and its likeness, which they do not. */
const likenesses: Readonly<Record<string, string>> = { '[': '［', ']': '］', '@': '＠', '#': '＃', '*': '∗' };

/** Issues are closed by their address and by other signs too, as in `fixes https://…`, `closes !12`, `fix ABC-1`. */
const closing =
  /\b(clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)(:? )(?=https?:|!\d|[A-Z][A-Z\d]{1,9}-\d)/gi;

/** Trailers: `Signed-off-by:`, `Co-authored-by:`, `skip-checks:`, `Change-Id:` */
const trailer = /(-by|-checks|-id) ?:/gi;

/**
 * Names and messages from the cluster, for a commit message: on one line, and without what would skip a pipeline,
 * close an issue, call somebody or speak for somebody.
 */
export function toCommitWords(text: string, maxLength: number): SafeText {
  const line = maskLine(text);
  const short = line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line;
  return mask(
    short
      .replace(/[[\]@#*]/g, (sign) => likenesses[sign] ?? '')
      .replace(closing, '$1 · ')
      .replace(trailer, '$1：'),
  );
}
