/** Hides the values of secret keys, in YAML, JSON, XML, headers, queries, flags and sentences. */
import { hidden } from './credential-tokens.ts';
import type { Key } from './secret-keys.ts';
import { findKeys, toNextLine } from './secret-keys.ts';

/** Headers whose value may be several words. */
const headers = /(?:authorization|cookie)$/;
/** Words that follow a key in a sentence, as in `token: not found`, and are not its value. */
const plainValues: ReadonlySet<string> = new Set(
  'not missing required invalid expired empty unset mismatch null none true false undefined'.split(' '),
);

/** Words that follow a flag in a sentence about it. */
const proseWords: ReadonlySet<string> = new Set(
  'and are as at by can cannot flag for from has in is may must needs not of or option says takes that the to was which with'.split(
    ' ',
  ),
);

/** Between a key and its value: the closing quotation mark, then a sign. */
const separator = /(?:\\*["'`])?\]?[ \t]*(?:=>|:=|==|=|:)[ \t]*/y;
/** As in Kubernetes environment variables: `name: DB_PASSWORD`, `value: …`, in YAML or JSON. */
const siblingValue = /(?:\\*["'`])?[\s,]+(?:\\*["'`])?value(?:\\*["'`])?[ \t]*[:=][ \t]*/iy;
/** As programs print headers and arguments: `('x-api-key', '…')`, `["--password", "…"]`. */
const nextInList = /\\*["'`][ \t]*,[ \t]*b?(?=\\*["'`])/y;
/** `--password …` */
const nextArgument = /[ \t]+(?=[^\s-])/y;
/** `wrong password "…"` */
const quoted = /[ \t]+(?:(?:is|was)[ \t]+)?(?=\\*["'`])/y;
const openingQuote = /\\*["'`]/y;
const mapStart = /\{\s*(?:\}|(?:\\*["'`])?[\w.-]+(?:\\*["'`])?\s*:)/y;
const mapList = /\[\s*[{\]]/y;
const placeholder = /\$\{\w+\}|\$\(\w+\)|<\w+>|…/y;
const word = /\S+/y;
const nextWord = /[ \t]+\S+/y;
const queryWord = /[^\s"'&#<>]+/y;
const restOfLine = /[^\r\n]+/y;
const lineEnd = /[ \t]*\r?\n/y;
const listLines = /(?:\r?\n[ \t]*- [^\r\n:]+(?![^\r\n]))+/y;
const block = /[|>][-+\d]*[ \t]*\r?\n/y;
const scheme = /(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256)[ \t]+/iy;

interface Span {
  readonly start: number;
  readonly end: number;
}

export function hideValues(text: string): string {
  let safe = '';
  let done = 0;
  for (const key of findKeys(text)) {
    if (key.start < done) continue;
    const value = findValue(text, key);
    if (value === undefined || value.start >= value.end) continue;
    safe += text.slice(done, value.start) + hidden;
    done = value.end;
  }
  return safe + text.slice(done);
}

/** Finds the value of a key. */
function findValue(text: string, key: Key): Span | undefined {
  if (text[key.start - 1] === '<' && text[key.end] === '>') return findElement(text, key);
  const start = matchAt(separator, text, key.end) ?? matchAt(siblingValue, text, key.end) ?? findWithoutSign(text, key);
  if (start === undefined || matchAt(placeholder, text, start) !== undefined) return undefined;
  const quoteEnd = matchAt(openingQuote, text, start);
  if (quoteEnd !== undefined) return { start: quoteEnd, end: findQuoteEnd(text, start, quoteEnd) };
  // The keys of a map decide on their own.
  if (matchAt(mapStart, text, start) !== undefined || matchAt(mapList, text, start) !== undefined) return undefined;
  if (text[start] === '[') return { start: start + 1, end: findListEnd(text, start) };
  const before = text[key.start - 1];
  if (before === '?' || before === '&') return { start, end: matchAt(queryWord, text, start) ?? start };
  if (matchAt(lineEnd, text, start) !== undefined) return findBelow(text, key, start);
  if (key.indent !== undefined && matchAt(block, text, start) !== undefined) return findBlock(text, key.indent, start);
  const end = trimEnd(text, start, matchAt(word, text, start) ?? start);
  const first = text.slice(start, end).toLowerCase();
  if (plainValues.has(first) || (/tokens$/i.test(key.text) && /^\d{1,7}$/.test(first))) return undefined;
  if (headers.test(key.text.toLowerCase())) return findHeader(text, key, start);
  const isLine = key.indent !== undefined && /[ \t]/.test(text[start - 1] ?? '');
  return { start, end: isLine ? trimEnd(text, start, matchAt(restOfLine, text, start) ?? start) : end };
}

/** In XML: up to the next tag. */
function findElement(text: string, { end }: Key): Span {
  const next = text.indexOf('<', end);
  return { start: end + 1, end: next < 0 ? text.length : next };
}

/** The start of a value without a sign before it: the next item of a list, after a flag, or in quotation marks. */
function findWithoutSign(text: string, { text: name, start, end }: Key): number | undefined {
  const before = text.slice(Math.max(0, start - 8), start);
  const isFlag = /(?:^|[\s"'`,[(+])--?$/.test(before);
  if (isFlag || /[[(]b?\\{0,3}["'`]$/.test(before)) {
    const at = matchAt(nextInList, text, end);
    if (at !== undefined) return at;
  }
  if (isFlag) {
    const at = matchAt(nextArgument, text, end);
    const [next = ''] = at === undefined ? [] : text.slice(at, at + 12).split(/[^A-Za-z]/, 1);
    return proseWords.has(next) ? undefined : at;
  }
  return /passw|passphrase|pwd/i.test(name) ? matchAt(quoted, text, end) : undefined;
}

/** The scheme stays; the value is one word, or several with commas or semicolons between them. */
function findHeader(text: string, { indent }: Key, at: number): Span | undefined {
  const start = matchAt(scheme, text, at) ?? at;
  if (matchAt(placeholder, text, start) !== undefined) return undefined;
  if (indent !== undefined) return { start, end: matchAt(restOfLine, text, start) ?? start };
  let end = matchAt(word, text, start) ?? start;
  if (start === at) end = matchAt(nextWord, text, end) ?? end;
  while (/[,;]/.test(text[end - 1] ?? '')) {
    const next = matchAt(nextWord, text, end);
    if (next === undefined) break;
    end = next;
  }
  return { start, end: trimEnd(text, start, end) };
}

/** After a quoted key, JSON may break the line; after a plain key, only a list of plain texts is a value. */
function findBelow(text: string, { end }: Key, at: number): Span | undefined {
  if (/["'`\\]/.test(text[end] ?? '')) {
    const start = matchAt(/\s+/y, text, at) ?? at;
    const quoteEnd = matchAt(openingQuote, text, start);
    return quoteEnd === undefined ? undefined : { start: quoteEnd, end: findQuoteEnd(text, start, quoteEnd) };
  }
  const listEnd = matchAt(listLines, text, at);
  return listEnd === undefined ? undefined : { start: at, end: listEnd };
}

/** The lines of a YAML block: all that are indented more than the key. */
function findBlock(text: string, indent: number, start: number): Span {
  let end = matchAt(block, text, start) ?? start;
  while (end < text.length) {
    const line = text.slice(end, toNextLine(text, end));
    if (line.trim() !== '' && line.length - line.trimStart().length <= indent) break;
    end += line.length;
  }
  return { start, end: text[end - 1] === '\n' ? end - 1 : end };
}

/** The end of the quotation; in JSON within JSON, its marks have backslashes, and the marks inside have more. */
function findQuoteEnd(text: string, start: number, quoteEnd: number): number {
  const mark = text[quoteEnd - 1] ?? '';
  const depth = quoteEnd - 1 - start;
  for (let at = text.indexOf(mark, quoteEnd); at >= 0; at = text.indexOf(mark, at + 1)) {
    let first = at;
    while (first > quoteEnd && text[first - 1] === '\\') first--;
    const slashes = at - first;
    // YAML doubles a single quotation mark.
    if (mark === "'" && depth === 0 && text[at + 1] === mark) at++;
    else if (depth === 0 ? slashes % 2 === 0 : slashes <= depth) return depth === 0 ? at : first;
  }
  return text.length;
}

function findListEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const quoteEnd = matchAt(openingQuote, text, at);
    if (quoteEnd !== undefined) at = findQuoteEnd(text, at, quoteEnd);
    else if (text[at] === '[') depth++;
    else if (text[at] === ']' && --depth === 0) return at;
  }
  return text.length;
}

/** Excludes the marks that end a sentence, a list or a quotation around it. */
function trimEnd(text: string, start: number, end: number): number {
  let last = end;
  while (last > start && '"\'`)]},;:.!?\\'.includes(text[last - 1] ?? '')) last--;
  return last;
}

/** The end of a match that begins at this index. */
function matchAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
