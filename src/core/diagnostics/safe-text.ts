/**
 * The one place where text from outside (files, the cluster, the network, the command line) becomes text that may be shown.
 *
 * Problems, faults, log lines, commit messages and pages are made of `SafeText` only. How to make it:
 *
 *     safe`no model is named ${quote(name)} in ${mask(path)}`
 *
 * What is put into the template is SafeText, a number, or of a type that only has literals ('Ready' | 'Failed');
 * a plain `string` is an error of types. Foreign text goes through `quote` (in quotation marks) or `mask` (without);
 * lists go through `join`. A text without anything foreign is written safe`like this`. No other module may cast to SafeText.
 */

import { hideCredentials } from './credentials.ts';

declare const brand: unique symbol;

/**
 * Text without control characters, without line breaks but our own, and without credentials.
 * Terminals obey control characters, CI systems obey lines that begin with `::`, and everybody reads the logs.
 */
export type SafeText = string & { readonly [brand]: 'safe' };

/** SafeText, a number or a literal as it is; an error, with this hint, for `string`, for templates of it and for `any`. */
type Part<V> = 0 extends 1 & V
  ? never
  : V extends SafeText | number
    ? V
    : V extends string
      ? Record<never, never> extends Record<V, unknown>
        ? 'not SafeText: use quote, mask, join or safe'
        : V
      : never;

/** A text of ours, with what is safe put into it. */
export function safe<V extends readonly (string | number)[]>(
  strings: TemplateStringsArray,
  ...parts: { readonly [K in keyof V]: V[K] & Part<V[K]> }
): SafeText {
  return String.raw({ raw: strings }, ...parts) as SafeText;
}

/** The same as `list.join(separator)`. */
export function join<V extends string, S extends string>(
  list: readonly (V & Part<V>)[],
  separator: S & Part<S>,
): SafeText {
  return list.join(separator) as SafeText;
}

/** No more of a foreign text is looked at, so that a long one costs no more. */
const maxLooked = 10_000;
/** And no more of it is shown. */
const maxShown = 2000;
const maxQuoted = 120;

/** What may be shown of a foreign text: in quotation marks, on one line, short. */
export function quote(text: string): SafeText {
  return escapeControls(JSON.stringify(shorten(hide(text), maxQuoted)));
}

/** The same for a text that stands in a message without quotation marks. */
export function mask(text: string): SafeText {
  return escapeControls(shorten(hide(text), maxShown));
}

/** On one line: what breaks a line becomes a space. */
export function maskLine(text: string): SafeText {
  return escapeControls(shorten(hide(text).replace(/\s+/g, ' ').trim(), maxShown));
}

/** Cut first: a word that is cut in two could hide what makes it a credential. */
function hide(text: string): string {
  if (text.length <= maxLooked) return hideCredentials(text);
  const start = text.slice(0, maxLooked);
  const end = start.search(/\s\S*$/);
  return `${hideCredentials(end > 0 ? start.slice(0, end) : start, true)}…`;
}

function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  return `${text
    .slice(0, maxLength)
    .toWellFormed()
    .replace(/\ufffd$/, '')}…`;
}

/** Control, format and private characters, those that Unicode reserves for formats, lone surrogates and all ends of lines but our own. */
const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u2065\u{e0000}-\u{e007f}]/gu;

function escapeControls(text: string): SafeText {
  return text.replace(control, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  }) as SafeText;
}

/** Whether it is one of those that are never shown as they are. */
export function isControl(character: string): boolean {
  return character.search(control) >= 0;
}
