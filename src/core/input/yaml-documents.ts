/** A text → its YAML documents that are not empty. Only this file calls the YAML parser. */
import type { CST, Document } from 'yaml';
import { Composer, isScalar, Lexer, Parser } from 'yaml';

export interface ComposeOptions {
  /** Keeps the tokens by which an edit finds each character of a field. */
  readonly keepSourceTokens?: boolean;
  /** The maximum number of documents to compose, empty ones not counted. */
  readonly atMost?: number | undefined;
  /** The maximum number of tokens; each costs the parser about a kilobyte and ten microseconds. */
  readonly maxTokens?: number | undefined;
}

/**
 * A line has about ten of them. A limit on the size alone is not enough: the parser took 18 s and 1.1 GB for a mebibyte
 * of `[1,1,1,…`.
 */
export const defaultMaxTokens = 100_000;

/** A character yields at most three tokens, so tokens of shorter texts need not be counted. */
const minCountedLength = defaultMaxTokens / 3;

/** A file of `---` lines is a mistake, and each document costs as much as a small file. */
export const maxDocuments = 1000;

/** More than the number of problems that are reported. */
const maxErrors = 1000;

export type Composed =
  | { readonly documents: readonly Document.Parsed[] }
  /** Nested too deep for the parser, more than `maxDocuments`, or too many tokens. */
  | { readonly refused: 'depth' | 'count' | 'tokens' };

/**
 * Leaves out empty documents, as after a `---` at the end of a file, and those with only comments. A document with an
 * error is not empty.
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
    // This check is quadratic in the number of keys; the reader has its own.
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
  // The parser may also report a stack overflow as an error of the text.
  const isTooDeep = filled.some(({ errors }) => errors.some(({ message }) => message.startsWith('Maximum call stack')));
  return isTooDeep ? { refused: 'depth' } : { documents: filled };
}

function hasMoreTokens(text: string, limit: number): boolean {
  if (limit === Number.POSITIVE_INFINITY) return false;
  let count = 0;
  for (const _ of new Lexer().lex(text)) if (++count > limit) return true;
  return false;
}

/** Each error costs as much as a small document, and a file of "]" has one per character. */
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
