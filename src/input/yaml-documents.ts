/** A text → the YAML documents in it that hold something. The only place that calls the YAML parser. */
import type { Document } from 'yaml';
import { Composer, isScalar, Parser } from 'yaml';

export interface ComposeOptions {
  /** Keeps what an edit needs to find each character of a field. */
  readonly keepSourceTokens?: boolean;
  /** How many documents that hold something are composed at most. */
  readonly atMost?: number | undefined;
}

/** A file of `---` lines is a mistake; each document costs as much as a small file. */
export const maxDocuments = 1000;

export type Composed =
  | { readonly documents: readonly Document.Parsed[] }
  /** Nested too deep for the parser's recursion, or more than `maxDocuments`. */
  | { readonly refused: 'depth' | 'count' };

/**
 * Documents that hold nothing are left out: what is behind a `---` at a file's end, or only comments.
 * One with an error counts as holding something.
 */
export function composeDocuments(
  text: string,
  { keepSourceTokens = false, atMost = maxDocuments }: ComposeOptions = {},
): Composed {
  const composer = new Composer({
    keepSourceTokens,
    prettyErrors: false,
    stringKeys: true,
    // Compares every key with every earlier one; the reader's own check does not.
    uniqueKeys: false,
    logLevel: 'error',
  });
  const filled: Document.Parsed[] = [];
  let count = 0;
  try {
    for (const document of composer.compose(new Parser().parse(text), true, text.length)) {
      if (++count > maxDocuments) return { refused: 'count' };
      if (!isEmpty(document)) filled.push(document);
      if (filled.length === atMost) break;
    }
  } catch (error) {
    if (error instanceof RangeError) return { refused: 'depth' };
    throw error;
  }
  // The parser also turns an overflow of its stack into an error of the text.
  const isTooDeep = filled.some(({ errors }) => errors.some(({ message }) => message.startsWith('Maximum call stack')));
  return isTooDeep ? { refused: 'depth' } : { documents: filled };
}

function isEmpty({ contents, errors, warnings }: Document.Parsed): boolean {
  const isNothing = contents === null || (isScalar(contents) && contents.value === null);
  return isNothing && errors.length === 0 && warnings.length === 0;
}
