/**
 * No edit is used before it is proved: its text, read again, must have exactly the desired value. Otherwise nothing
 * is changed, and a problem says why.
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

/** The new text (the old one when nothing changes), or why there is none. */
export type Edited = { readonly text: string } | { readonly problem: Problem };

/**
 * @param source a file without problems.
 * @param path the field that is edited, for the problem.
 * @param desired the value that the file is to have.
 * @param attempts ways to write it, the best first; each returns the new text, or undefined if it cannot.
 */
export function prove(
  source: SourceFile,
  path: FieldPath,
  desired: PlainMap & { readonly kind: Kind },
  attempts: readonly (() => string | undefined)[],
): Edited {
  const { text, path: file } = source;
  if (isSame(readValue(source, desired.kind).value, desired)) return { text };
  let failed: { readonly text: string; readonly problems: readonly Problem[] } | undefined;
  for (const attempt of attempts) {
    const attempted = attempt();
    if (attempted === undefined) continue;
    const read = readValue({ path: file, text: attempted }, desired.kind);
    if (read.problems.length === 0 && isSame(read.value, desired)) return { text: attempted };
    failed ??= { text: attempted, problems: read.problems };
  }
  return {
    problem: toProblem(source, path, {
      code: 'edit-refused',
      message: safe`${toFieldText(path)} is not changed: ${toReason(text, path, failed)}`,
      hint: safe`edit it by hand`,
    }),
  };
}

function toReason(
  text: string,
  path: FieldPath,
  failed: { readonly text: string; readonly problems: readonly Problem[] } | undefined,
): SafeText {
  const form = new FieldsOfText(text).fieldAt(path)?.form;
  if (form === 'alias') return safe`it is an alias, and its anchor is used elsewhere, too`;
  if (failed === undefined) return safe`it cannot be changed without changing more of the file`;
  const lines = failed.text.split('\n');
  // An alias whose anchor is gone.
  if (failed.problems.some(({ line, column }) => lines[line - 1]?.[column - 1] === '*'))
    return safe`an anchor in it is used elsewhere`;
  return safe`something else in the file would change with it, for example through an anchor and its aliases`;
}

/** Whether two JSON values are equal; the order of keys does not matter. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  if (!isMap(a) || !isMap(b)) return a === b;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], valueAt(b, [key])))
  );
}
