import { FieldsOfText, lineEndOf, lineStartOf, nextLineOf } from './field-text.ts';
import { applySplices } from './splice.ts';

export const listPath = ['spec', 'candidates'];

/**
 * `candidates:` with one entry → `candidate:`.
 *
 * @param isMoved the entry is indented like its dash, where it begins behind one; otherwise every line stays.
 */
export function toSingle(text: string, isMoved = false): string | undefined {
  const fields = new FieldsOfText(text);
  const list = fields.fieldAt(listPath);
  const [mark, ...marks] = fields.listMarksAt(listPath) ?? [];
  if (list === undefined || mark === undefined) return undefined;
  const key = {
    start: list.start,
    end: list.colon,
    text: text.slice(list.start, list.colon).replace('candidates', 'candidate'),
  };
  if (mark.source !== '-')
    return applySplices(text, [
      key,
      ...[mark, ...marks].map(({ offset, source }) => ({ start: offset, end: offset + source.length, text: '' })),
    ]);
  const start = mark.offset;
  const line = { start: lineStartOf(text, start), end: nextLineOf(text, start) };
  if (text.slice(line.start, line.end).trim() === '-') return applySplices(text, [key, { ...line, text: '' }]);
  const [dash = ''] = /^- */.exec(text.slice(start, lineEndOf(text, start))) ?? [];
  if (!isMoved) return applySplices(text, [key, { start, end: start + 1, text: ' ' }]);
  if (dash === '-') return undefined;
  const indent = ' '.repeat(start - line.start);
  const moved = text
    .slice(start + dash.length, list.linesEnd)
    .replaceAll(`\n${indent}${' '.repeat(dash.length)}`, `\n${indent}`);
  return applySplices(text, [key, { start, end: list.linesEnd, text: moved }]);
}
