import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, maskLine } from '../core/diagnostics/safe-text.ts';

/** Characters with a meaning to git hosts and CI systems in commit messages, and look-alikes without one. */
const likenesses: Readonly<Record<string, string>> = { '[': '［', ']': '］', '@': '＠', '#': '＃', '*': '∗' };

/** Closes an issue without a `#`, as in `fixes https://…`, `closes !12`, `fix ABC-1`. */
const closing =
  /\b(clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)(:? )(?=https?:|!\d|[A-Z][A-Z\d]{1,9}-\d)/gi;

/** Trailers: `Signed-off-by:`, `Co-authored-by:`, `skip-checks:`, `Change-Id:` */
const trailer = /(-by|-checks|-id) ?:/gi;

/**
 * Names and messages from the cluster, for a commit message: on one line, and without anything that skips a pipeline,
 * closes an issue, mentions people or signs in their name.
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
