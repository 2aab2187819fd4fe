/** Two texts of a file → the lines that differ, as `git diff` shows them. */
import { structuredPatch } from 'diff';
import { mask } from '../core/diagnostics/safe-text.ts';
import type { Style } from './style.ts';
import { plainStyle } from './style.ts';

/**
 * @param path the name to show.
 * @param before undefined when the file is new.
 * @param after undefined when the file is removed.
 */
export function toDiffText(
  path: string,
  before: string | undefined,
  after: string | undefined,
  style: Style = plainStyle,
): string {
  const { hunks } = structuredPatch(path, path, before ?? '', after ?? '', undefined, undefined, { context: 3 });
  const lines = [
    style('bold', `--- ${before === undefined ? '/dev/null' : path}`),
    style('bold', `+++ ${after === undefined ? '/dev/null' : path}`),
    ...hunks.flatMap((hunk) => [
      style(
        'cyan',
        `@@ -${toStart(hunk.oldStart, hunk.oldLines)},${hunk.oldLines} +${toStart(hunk.newStart, hunk.newLines)},${hunk.newLines} @@`,
      ),
      ...hunk.lines.map((line) => toLine(line, style)),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** Of an empty range, git shows the line before it. */
function toStart(start: number, lines: number): number {
  return lines === 0 ? start - 1 : start;
}

function toLine(line: string, style: Style): string {
  const safe = line
    .replace(/\r$/, '')
    .split('\t')
    .map((part) => mask(part))
    .join('\t');
  if (safe.startsWith('+')) return style('green', safe);
  return safe.startsWith('-') ? style('red', safe) : safe;
}
