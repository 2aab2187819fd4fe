/**
 * No edit is believed before it has proved itself: its text, read again, must be exactly what was
 * wanted, or nothing is changed and a problem says why.
 */

import type { FieldPath, Problem } from '../diagnostics/problem.ts';
import { toFieldText } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { safe } from '../diagnostics/safe-text.ts';
import { readValue, toProblem } from '../input/parse-document.ts';
import type { PlainMap } from '../input/plain-value.ts';
import { isMap, valueAt } from '../input/plain-value.ts';
import type { Kind } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { FieldsOfText } from './field-text.ts';

/** The new text (the old one when nothing is to change), or why there is none. */
export type Edited = { readonly text: string } | { readonly problem: Problem };

/**
 * @param source a file without problems.
 * @param path the field that is edited, for the problem.
 * @param wanted what the file is to hold.
 * @param attempts ways to write it, the best first; each gives the new text, if it can.
 */
export function prove(
  source: SourceFile,
  path: FieldPath,
  wanted: PlainMap & { readonly kind: Kind },
  attempts: readonly (() => string | undefined)[],
): Edited {
  const { text, path: file } = source;
  if (isSame(readValue(source, wanted.kind).value, wanted)) return { text };
  let problems: readonly Problem[] | undefined;
  for (const attempt of attempts) {
    const attempted = attempt();
    if (attempted === undefined) continue;
    const read = readValue({ path: file, text: attempted }, wanted.kind);
    if (read.problems.length === 0 && isSame(read.value, wanted)) return { text: attempted };
    problems ??= read.problems;
  }
  return {
    problem: toProblem(source, path, {
      code: 'edit-refused',
      message: safe`${toFieldText(path)} is left as it is: ${toReason(text, path, problems)}`,
      hint: safe`edit it by hand`,
    }),
  };
}

function toReason(text: string, path: FieldPath, problems: readonly Problem[] | undefined): SafeText {
  const form = new FieldsOfText(text).fieldAt(path)?.form;
  if (form === 'alias') return safe`it is an alias, and what it points to holds elsewhere too`;
  if (problems === undefined) return safe`it cannot be changed without touching more of the file than it`;
  const missing = problems.find(({ message }) => message.startsWith('alias '));
  if (missing !== undefined) return safe`an anchor in it is used elsewhere`;
  return safe`something else in the file would change with it, as through an anchor and its aliases`;
}

/** Whether two values of JSON are equal, whatever the order of their keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isMap(a) || !isMap(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], valueAt(b, [key])))
  );
}
