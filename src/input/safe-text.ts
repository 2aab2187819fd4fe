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

/** What may be shown of a foreign text: in quotation marks, on one line, short. */
export function quote(text: string): SafeText {
  const hidden = hideCredentials(text);
  return escapeControls(JSON.stringify(hidden.length > 120 ? `${hidden.slice(0, 120)}…` : hidden));
}

/** The same for a text that stands in a message without quotation marks. */
export function mask(text: string): SafeText {
  return escapeControls(hideCredentials(text));
}

/**
 * A password may hold an @ or a slash: all goes, up to the last @ of the word. Addresses that are signed
 * have what lets one in behind the question mark, as X-Amz-Signature, sig (Azure) or token.
 */
export function hideCredentials(text: string): string {
  return text
    .replace(/\/\/[^\s"]*@/g, '//…@')
    .replace(/([?&][\w.-]*(?:sig|token|secret|password|credential|key)[\w.-]*=)[^\s"'&#]+/gi, '$1…');
}

function escapeControls(text: string): SafeText {
  return text.replace(
    /\p{Cc}|[\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  ) as SafeText;
}
