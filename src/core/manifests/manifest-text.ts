/**
 * One object → one line of JSON, or one YAML document.
 *
 * The library is not used to write YAML, because the text must have the same meaning in YAML 1.1 and 1.2: kubectl and
 * Argo CD read 1.1, in which `yes`, `1_000`, `12:30` and a U+2028 within a plain text mean something else. So a string is
 * only plain if it looks like a name or a path; all others are quoted as in JSON. (This is also five times as fast.)
 */
import type { Manifest } from './manifest.ts';

/** One line, without a line end. */
export function toJsonText(manifest: Manifest): string {
  return JSON.stringify(manifest);
}

/** A document with a line end, and without a separator. */
export function toYamlText(manifest: Manifest): string {
  return toBlock(manifest, '').slice(1).concat('\n');
}

/**
 * The lines of a map or list that is not empty, each after a line end and the indent.
 *
 * @param toComment the comment after a key of a map, by the path of that key.
 */
export function toBlock(
  value: object,
  indent: string,
  toComment?: (path: readonly string[]) => string | undefined,
  path: readonly string[] = [],
): string {
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value)
      text += `\n${indent}- ${isFilled(item) ? toBlock(item, `${indent}  `).slice(indent.length + 3) : toScalar(item)}`;
    return text;
  }
  for (const [key, item] of Object.entries(value)) {
    const inner = toComment === undefined ? path : [...path, key];
    const words = toComment?.(inner);
    const comment = words === undefined ? '' : ` # ${words}`;
    text += `\n${indent}${toScalar(key)}:${isFilled(item) ? `${comment}${toBlock(item, `${indent}  `, toComment, inner)}` : ` ${toScalar(item)}${comment}`}`;
  }
  return text;
}

function isFilled(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0;
}

/** Begins with a letter or slash, and has no space and no colon at the end. Or a duration. */
const plain = /^(?:[A-Za-z/](?:[-\w./]|:(?=[-\w./]))*|[0-9]+(?:ms|[smh]))$/;
/** A boolean or null in YAML 1.1, or a number for some of its readers: `e-0`. */
const taken = /^(?:y|n|yes|no|on|off|true|false|null|e[-+]?[0-9_]+)$/i;
/** Characters that JSON does not escape, and that YAML reads as a line break, or does not allow. */
const unprintable = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** A string, number, boolean or null, or an empty map or list; the same in block and flow style. */
export function toScalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  if (plain.test(value) && !taken.test(value)) return value;
  return JSON.stringify(value).replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
