/**
 * The edits of single fields. Each returns the new text, or undefined where the text is written in a way
 * that is not supported; the caller proves that the new text has the right value.
 *
 * Invariant: everything outside of the field that is set, added, removed or moved keeps every byte, except
 * for a comma beside it in a map with braces.
 */

import type { FieldPath } from '../diagnostics/problem.ts';
import type { PlainMap } from '../input/plain-value.ts';
import type { FieldText } from './field-text.ts';
import { FieldsOfText, lineEndAt, lineEndOf, lineStartOf, nextLineOf } from './field-text.ts';
import type { NewValue } from './scalar-text.ts';
import { toFlowText, toKeyText, toScalarLike } from './scalar-text.ts';
import type { Splice } from './splice.ts';
import { applySplices } from './splice.ts';

/** Sets a field that exists and has a single value: to another one, or to a map in braces. */
export function setField(text: string, path: FieldPath, value: NewValue): string | undefined {
  const field = new FieldsOfText(text).fieldAt(path);
  if (field === undefined || field.form === 'flow' || field.form === 'block') return undefined;
  const isJson = field.keyForm === 'double-quoted';
  const written = typeof value === 'object' ? toFlowText(value, isJson) : toScalarLike(field.form, value);
  const lead = field.form === 'empty' ? ' ' : '';
  const splices = [{ start: field.content, end: field.header, text: lead + written }];
  // A comment behind `|` stays, and so do empty lines below the last one.
  if (field.form === 'block-scalar' && field.end > field.header)
    splices.push({ start: lineEndOf(text, field.header), end: field.end, text: '' });
  return applySplices(text, splices);
}

/**
 * Adds a field behind another one of the same map; one that exists and is empty is filled where it is.
 *
 * @param inner how deep the values of a map are indented below the key, on lines of their own;
 * undefined: the map is written with braces.
 * @param written the text of the value, if it is known.
 */
export function addField(
  text: string,
  path: FieldPath,
  after: string,
  value: NewValue,
  { inner, written }: { readonly inner?: number | undefined; readonly written?: string | undefined } = {},
): string | undefined {
  const fields = new FieldsOfText(text).fieldsAt(path.slice(0, -1));
  const at = fields?.findIndex(({ key }) => key === after) ?? -1;
  const before = fields?.[at];
  if (fields === undefined || before === undefined) return undefined;
  const empty = fields.find(({ key }) => key === path.at(-1));
  if (empty !== undefined) return fillField(text, path, empty, value, { inner, written });
  const isJson = before.keyForm === 'double-quoted';
  const key = `${toKeyText(String(path.at(-1)), isJson)}:`;
  const flow = `${key} ${written ?? toFlowText(value, isJson)}`;
  if (before.inFlow) return applySplices(text, addToFlow(text, fields, at, flow));
  const lineEnd = lineEndAt(text, before.linesEnd);
  const indent = ' '.repeat(columnOf(text, before.start));
  const lines =
    typeof value === 'object' && inner !== undefined ? [key, ...toInnerLines(value, inner, isJson)] : [flow];
  const added = lines.map((line) => lineEnd + indent + line).join('');
  return applySplices(text, [{ start: before.linesEnd, end: before.linesEnd, text: added }]);
}

function toInnerLines(value: PlainMap, inner: number, isJson: boolean): string[] {
  return Object.entries(value).map(
    ([name, one]) => `${' '.repeat(inner)}${toKeyText(name, isJson)}: ${toFlowText(one, isJson)}`,
  );
}

/** Gives a value to an empty field; the comments behind it stay. */
function fillField(
  text: string,
  path: FieldPath,
  field: FieldText,
  value: NewValue,
  { inner, written }: { readonly inner?: number | undefined; readonly written?: string | undefined } = {},
): string | undefined {
  if (field.form !== 'empty') return setField(text, path, value);
  const isJson = field.keyForm === 'double-quoted';
  const start = lineEndOf(text, field.colon);
  if (typeof value === 'object' && inner !== undefined && !field.inFlow && written === undefined) {
    const indent = lineEndAt(text, start) + ' '.repeat(columnOf(text, field.start));
    const lines = toInnerLines(value, inner, isJson).map((line) => indent + line);
    return applySplices(text, [{ start, end: start, text: lines.join('') }]);
  }
  const flow = ` ${written ?? toFlowText(value, isJson)}`;
  return applySplices(text, [{ start: field.colon, end: field.colon, text: flow }]);
}

/** Adds a field as the first one of a map with one line per field. */
export function addFirstField(text: string, path: FieldPath, value: NewValue): string | undefined {
  const found = new FieldsOfText(text);
  const map = found.fieldAt(path.slice(0, -1));
  if (map === undefined) return undefined;
  const [first, ...others] = found.fieldsAt(path.slice(0, -1)) ?? [];
  const key = String(path.at(-1));
  const empty = [first, ...others].find((field) => field?.key === key);
  if (empty !== undefined) return fillField(text, path, empty, value);
  if (map.form === 'empty' || map.form === 'plain') return fillField(text, path.slice(0, -1), map, { [key]: value });
  if (map.form === 'flow') {
    const isJson = (first ?? map).keyForm === 'double-quoted';
    const added = `${toKeyText(key, isJson)}: ${toFlowText(value, isJson)}`;
    const start = first?.start ?? map.content + 1;
    return applySplices(text, [{ start, end: start, text: first === undefined ? added : `${added}, ` }]);
  }
  if (first === undefined || !isOnLinesOfItsOwn(text, map)) return undefined;
  const start = nextLineOf(text, map.colon);
  const indent = ' '.repeat(columnOf(text, first.start));
  const isJson = first.keyForm === 'double-quoted';
  const line = `${indent}${toKeyText(key, isJson)}: ${toFlowText(value, isJson)}${lineEndAt(text, map.colon)}`;
  return applySplices(text, [{ start, end: start, text: line }]);
}

/** Removes a field with its lines. */
export function removeField(text: string, path: FieldPath): string | undefined {
  const fields = new FieldsOfText(text).fieldsAt(path.slice(0, -1));
  const at = fields?.findIndex(({ key }) => key === path.at(-1)) ?? -1;
  const field = fields?.[at];
  if (fields === undefined || field === undefined) return undefined;
  if (field.inFlow) return removeFromFlow(text, fields, at);
  const start = lineStartOf(text, field.start);
  const lead = text.slice(start, field.start).trim();
  if (lead === '-') return removeFirstOfItem(text, field, fields[at + 1]);
  if (lead !== '') return undefined;
  const next = nextLineOf(text, field.linesEnd);
  const isLast = next === text.length && !text.endsWith('\n');
  // With the last line goes the line end before it: a text without one at its end stays like that.
  return applySplices(text, [
    isLast
      ? { start: start - lineEndAt(text, start - 1).length, end: text.length, text: '' }
      : { start, end: next, text: '' },
  ]);
}

/** In an entry of a list the next field takes its place behind the dash. */
function removeFirstOfItem(text: string, field: FieldText, next: FieldText | undefined): string | undefined {
  if (next === undefined || text.slice(field.linesEnd, next.start).trim() !== '') return undefined;
  return applySplices(text, [{ start: field.start, end: next.start, text: '' }]);
}

/** Puts a field's value, with the comments in it, in place of another one's in the same map, and removes the field. */
export function moveField(text: string, from: FieldPath, to: FieldPath): string | undefined {
  const fields = new FieldsOfText(text);
  const source = fields.fieldAt(from);
  const target = fields.fieldAt(to);
  if (source === undefined || target === undefined || source.form === 'alias') return undefined;
  return removeField(applySplices(text, [replaceValue(text, target, text, source)]), from);
}

/** Puts the value that a field has in another text, with the comments in it, in place of the one that it has here. */
export function copyField(text: string, path: FieldPath, other: string): string | undefined {
  const target = new FieldsOfText(text).fieldAt(path);
  // Git may have turned the line ends of one of the two.
  const from = target && other.replaceAll(/\r?\n/g, lineEndAt(text, target.colon));
  const source = from === undefined ? undefined : new FieldsOfText(from).fieldAt(path);
  if (target === undefined || from === undefined || source === undefined || source.form === 'alias') return undefined;
  return applySplices(text, [replaceValue(text, target, from, source)]);
}

/** @param from the text that the source is in. */
function replaceValue(text: string, target: FieldText, from: string, source: FieldText): Splice {
  if (source.inFlow) return { start: target.value, end: target.end, text: from.slice(source.value, source.end) };
  const sourceHasLines = isOnLinesOfItsOwn(from, source);
  const start = sourceHasLines ? nextLineOf(from, source.colon) : source.value;
  const moved = from.slice(start, source.linesEnd);
  const targetHasLines = isOnLinesOfItsOwn(text, target);
  const end = target.linesEnd;
  if (sourceHasLines && targetHasLines) return { start: nextLineOf(text, target.colon), end, text: moved };
  if (sourceHasLines) return { start: target.colon, end, text: lineEndAt(text, target.colon) + moved };
  if (!targetHasLines) return { start: target.value, end, text: moved };
  const isBare = text.slice(target.colon, lineEndOf(text, target.colon)).trim() === '';
  if (isBare) return { start: target.colon, end, text: ` ${moved}` };
  const indent = ' '.repeat(columnOf(text, target.content));
  return { start: nextLineOf(text, target.colon), end, text: indent + moved };
}

/** Whether the value begins below the line of its key. */
function isOnLinesOfItsOwn(text: string, { colon, content }: FieldText): boolean {
  return text.slice(colon, content).includes('\n');
}

function addToFlow(text: string, fields: readonly FieldText[], at: number, added: string): Splice[] {
  const before = fields[at] as FieldText;
  const lineStart = lineStartOf(text, before.start);
  const lead = text.slice(lineStart, before.start);
  const next = fields[at + 1];
  const hasLineOfItsOwn = lead.trim() === '' && (next === undefined || next.start > lineEndOf(text, before.end));
  const behind = before.comma === undefined ? before.end : before.comma + 1;
  const rest = text.slice(behind, lineEndOf(text, behind));
  if (!hasLineOfItsOwn || !/^\s*(#.*)?$/.test(rest))
    return [{ start: behind, end: behind, text: before.comma === undefined ? `, ${added}` : ` ${added},` }];
  const lineEnd = lineEndOf(text, behind);
  return [
    ...(before.comma === undefined ? [{ start: before.end, end: before.end, text: ',' }] : []),
    {
      start: lineEnd,
      end: lineEnd,
      text: `${lineEndAt(text, lineEnd)}${lead}${added}${before.comma === undefined ? '' : ','}`,
    },
  ];
}

function removeFromFlow(text: string, fields: readonly FieldText[], at: number): string | undefined {
  const field = fields[at] as FieldText;
  const previous = fields[at - 1];
  const splices: Splice[] = [];
  // The comma behind it is removed, too; for the last field, the one before it.
  const isLast = field.comma === undefined;
  if (isLast && previous?.comma !== undefined)
    splices.push({ start: previous.comma, end: previous.comma + 1, text: '' });
  // A comment between the field and its comma is not part of the field.
  if (text.slice(field.end, field.comma).trim() !== '' && field.comma !== undefined) return undefined;
  const behind = field.comma === undefined ? field.end : field.comma + 1;
  const lineStart = lineStartOf(text, field.start);
  const lead = text.slice(lineStart, field.start);
  const lineEnd = lineEndOf(text, behind);
  const isFirstOfLine = lead.trim() === '';
  if (isFirstOfLine && text.slice(behind, lineEnd).trim() === '' && lineEnd < text.length)
    return applySplices(text, [...splices, { start: lineStart, end: nextLineOf(text, lineEnd), text: '' }]);
  let start = field.start;
  let end = behind;
  if (!isFirstOfLine && /[ \t]/.test(text[start - 1] ?? '')) while (/[ \t]/.test(text[start - 1] ?? '')) start--;
  else if (!isLast) while (/[ \t]/.test(text[end] ?? '')) end++;
  return applySplices(text, [...splices, { start, end, text: '' }]);
}

function columnOf(text: string, offset: number): number {
  return offset - lineStartOf(text, offset);
}
