/**
 * Turns text from outside (files, the cluster, the network, the command line) into text that may be shown. No other file
 * does this.
 *
 * Problems, faults, log lines, commit messages and pages consist of `SafeText` only. How to create it:
 *
 *     safe`no model is named ${quote(name)} in ${mask(path)}`
 *
 * The template accepts SafeText, numbers, and types that only have literals ('Ready' | 'Failed'); a plain `string` is a
 * type error. Use `quote` (with quotation marks) or `mask` (without) for foreign text, `join` for lists, and safe`this`
 * for a text without anything foreign. No other module may cast to SafeText.
 */

import { hideCredentials } from './credentials.ts';

declare const brand: unique symbol;

/**
 * Text without control characters, foreign line breaks and credentials. Terminals execute control characters, CI
 * systems execute lines that begin with `::`, and logs are public.
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

/** A literal text with safe parts in it. */
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

/** The part of a foreign text that is read, so that the cost of a long one is bounded. */
const maxRead = 10_000;
/** The part that is shown. */
const maxShown = 2000;
const maxQuoted = 120;

/** A foreign text in quotation marks, on one line, shortened. */
export function quote(text: string): SafeText {
  return escapeControls(JSON.stringify(shorten(hide(text), maxQuoted)));
}

/** The same without quotation marks. */
export function mask(text: string): SafeText {
  return escapeControls(shorten(hide(text), maxShown));
}

/** The same with spaces for line breaks. */
export function maskLine(text: string): SafeText {
  return escapeControls(shorten(hide(text).replace(/\s+/g, ' ').trim(), maxShown));
}

/** Cuts at a space first: half of a credential may not be recognized as one. */
function hide(text: string): string {
  if (text.length <= maxRead) return hideCredentials(text);
  const start = text.slice(0, maxRead);
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

/** Control, format, reserved and private characters, lone surrogates, and line separators. */
const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u2065\u{e0000}-\u{e007f}]/gu;

function escapeControls(text: string): SafeText {
  return text.replace(control, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  }) as SafeText;
}

/** Whether a character is always escaped. */
export function isControl(character: string): boolean {
  return character.search(control) >= 0;
}
