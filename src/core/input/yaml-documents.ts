/** A text → the YAML documents in it that hold something. The only place that calls the YAML parser. */
import type { CST, Document } from 'yaml';
import { Composer, isScalar, Lexer, Parser } from 'yaml';

export interface ComposeOptions {
  /** Keeps what an edit needs to find each character of a field. */
  readonly keepSourceTokens?: boolean;
  /** How many documents that hold something are composed at most. */
  readonly atMost?: number | undefined;
  /** How many tokens a text may have; each costs the parser about a kilobyte and ten microseconds. */
  readonly maxTokens?: number | undefined;
}

/**
 * A line has about ten of them. The size alone is no bound for what a text costs: of one that is nothing but
 * `[1,1,1,…` a mebibyte took the parser 18 s and 1.1 GB.
 */
export const defaultMaxTokens = 100_000;

/** A character makes no more than three tokens, so that shorter texts need not be counted. */
const minCountedLength = defaultMaxTokens / 3;

/** A file of `---` lines is a mistake; each document costs as much as a small file. */
export const maxDocuments = 1000;

/** More than are reported. */
const maxErrors = 1000;

export type Composed =
  | { readonly documents: readonly Document.Parsed[] }
  /** Nested too deep for the parser's recursion, more than `maxDocuments`, or too many tokens. */
  | { readonly refused: 'depth' | 'count' | 'tokens' };

/**
 * Documents that hold nothing are left out: what is behind a `---` at a file's end, or only comments.
 * One with an error counts as holding something.
 */
export function composeDocuments(
  text: string,
  { keepSourceTokens = false, atMost = maxDocuments, maxTokens = defaultMaxTokens }: ComposeOptions = {},
): Composed {
  if (text.length > minCountedLength && hasMoreTokens(text, maxTokens)) return { refused: 'tokens' };
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
    for (const document of composer.compose(untilHopeless(new Parser().parse(text)), true, text.length)) {
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

function hasMoreTokens(text: string, limit: number): boolean {
  if (limit === Number.POSITIVE_INFINITY) return false;
  let count = 0;
  for (const _ of new Lexer().lex(text)) if (++count > limit) return true;
  return false;
}

/** Each error costs as much as a small document, and a file of "]" has one for each character. */
function* untilHopeless(tokens: Iterable<CST.Token>): Generator<CST.Token> {
  let errors = 0;
  for (const token of tokens) {
    if (token.type === 'error' && ++errors > maxErrors) return;
    yield token;
  }
}

function isEmpty({ contents, errors, warnings }: Document.Parsed): boolean {
  const isNothing = contents === null || (isScalar(contents) && contents.value === null);
  return isNothing && errors.length === 0 && warnings.length === 0;
}
