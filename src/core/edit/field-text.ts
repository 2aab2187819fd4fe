/**
 * Where the fields of a text are, to the character: the splices of this room are made from it.
 *
 * The lines of a field are those that a reader would count: its own, a comment behind it, and comment lines
 * below that are indented deeper than its key. Comments above it are not part of it.
 */
import type { CST } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { FieldPath } from '../diagnostics/problem.ts';
import { composeDocuments } from '../input/yaml-documents.ts';

/** A field of a map; all numbers are offsets in the text. */
export interface FieldText {
  readonly key: string;
  /** Of the key, or of the `?` before it. */
  readonly start: number;
  /** Behind the colon. */
  readonly colon: number;
  /** Where the value begins, with its anchor and tag. */
  readonly value: number;
  /** Where the value begins without them. */
  readonly content: number;
  /** Behind the last character that is not a comment, space or line end. */
  readonly end: number;
  /** Behind its last line, before that line's end; in a flow map the same as `end`. */
  readonly linesEnd: number;
  /** How its value is written; `alias` for `*name`, `empty` where nothing follows the colon. */
  readonly form: 'empty' | 'plain' | 'single-quoted' | 'double-quoted' | 'block-scalar' | 'alias' | 'flow' | 'block';
  /** How its key is written. */
  readonly keyForm: 'plain' | 'single-quoted' | 'double-quoted';
  /** Whether the map around it is written with braces. */
  readonly inFlow: boolean;
  /** Where the comma behind it is in a flow map. */
  readonly comma: number | undefined;
  /** Where the value ends on its first line: of a block scalar behind its `|` or `>-`, else the same as `end`. */
  readonly header: number;
}

/** A text, parsed once; it must have no problems. */
export class FieldsOfText {
  readonly text: string;
  readonly #contents: unknown;

  constructor(text: string) {
    this.text = text;
    const composed = composeDocuments(text, { keepSourceTokens: true, atMost: 1 });
    this.#contents = 'refused' in composed ? undefined : composed.documents[0]?.contents;
  }

  /** The fields of the map at a path, in their order; undefined when no map is written there. */
  fieldsAt(path: FieldPath): readonly FieldText[] | undefined {
    const node = this.#nodeAt(path);
    if (!isMap(node)) return undefined;
    const token = node.srcToken;
    if (token?.type !== 'block-map' && token?.type !== 'flow-collection') return undefined;
    const inFlow = token.type === 'flow-collection';
    const fields: FieldText[] = [];
    for (const { key, value, srcToken } of node.items) {
      const at = srcToken === undefined ? -1 : (token.items as CST.CollectionItem[]).indexOf(srcToken);
      const next: CST.SourceToken | undefined = token.items[at + 1]?.start.find(({ type }) => type === 'comma');
      const form = isAlias(value) ? 'alias' : srcToken?.value ? formOf(srcToken.value) : 'empty';
      if (srcToken === undefined || !isScalar(key) || form === undefined) return undefined;
      const field = toField(this.text, String(key.value), srcToken, form, inFlow, next?.offset);
      if (field === undefined) return undefined;
      fields.push(field);
    }
    return fields;
  }

  fieldAt(path: FieldPath): FieldText | undefined {
    return this.fieldsAt(path.slice(0, -1))?.find(({ key }) => key === path.at(-1));
  }

  /** What makes a list of its only entry: the dash, or the brackets and the comma; undefined when no such list is there. */
  listMarksAt(path: FieldPath): readonly CST.SourceToken[] | undefined {
    const node = this.#nodeAt(path);
    if (!isSeq(node) || node.items.length !== 1) return undefined;
    const token = node.srcToken;
    if (token?.type !== 'block-seq' && token?.type !== 'flow-collection') return undefined;
    const marks = (token.items as CST.CollectionItem[])
      .flatMap(({ start }) => start)
      .filter(({ type }) => type === 'seq-item-ind' || type === 'comma');
    if (token.type === 'block-seq') return marks;
    return [token.start, ...marks, ...token.end.filter(({ type }) => type === 'flow-seq-end')];
  }

  #nodeAt(path: FieldPath): unknown {
    let node = this.#contents;
    for (const part of path) {
      if (isSeq(node) && typeof part === 'number') node = node.items[part];
      else if (isMap(node)) node = node.items.find(({ key }) => isScalar(key) && key.value === part)?.value;
      else return undefined;
    }
    return node;
  }
}

/** The line end that is used where an offset is; that of the text where its last line has none. */
export function lineEndAt(text: string, offset: number): string {
  const own = text.indexOf('\n', offset);
  const end = own === -1 ? text.indexOf('\n') : own;
  return end > 0 && text[end - 1] === '\r' ? '\r\n' : '\n';
}

/** Where the line of an offset begins. */
export function lineStartOf(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** Where the line of an offset ends, before its line end. */
export function lineEndOf(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  if (end === -1) return text.length;
  return end > offset && text[end - 1] === '\r' ? end - 1 : end;
}

/** Where the line behind the one of an offset begins; the text's end when there is none. */
export function nextLineOf(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end + 1;
}

function toField(
  text: string,
  key: string,
  item: CST.CollectionItem,
  form: FieldText['form'],
  inFlow: boolean,
  comma: number | undefined,
): FieldText | undefined {
  const { key: keyToken, value: valueToken } = item;
  const sep = item.sep ?? [];
  const colonToken = sep.find(({ type }) => type === 'map-value-ind');
  if (keyToken == null || colonToken === undefined) return undefined;
  const keyForm = formOf(keyToken);
  if (keyForm !== 'plain' && keyForm !== 'single-quoted' && keyForm !== 'double-quoted') return undefined;
  const first = item.start.find(({ type }) => !isBetween(type));
  const start = first?.offset ?? keyToken.offset;
  const properties = sep.slice(sep.indexOf(colonToken) + 1).find(({ type }) => !isBetween(type));
  const colon = colonToken.offset + 1;
  // An anchor alone is not nothing.
  if (valueToken == null && properties !== undefined) return undefined;
  const content = valueToken?.offset ?? colon;
  const end = valueToken == null ? colon : endOf(valueToken);
  return {
    key,
    start,
    colon,
    value: properties?.offset ?? content,
    content,
    end,
    linesEnd: inFlow ? end : toLinesEnd(text, end, start - lineStartOf(text, start)),
    form,
    keyForm,
    inFlow,
    comma,
    header: valueToken?.type === 'block-scalar' ? headerEndOf(valueToken) : end,
  };
}

/** Includes the rest of the line, and comment lines below that are indented deeper than the column. */
function toLinesEnd(text: string, end: number, column: number): number {
  let reached = lineEndOf(text, end);
  for (let at = nextLineOf(text, reached); at < text.length; ) {
    const line = text.slice(at, lineEndOf(text, at));
    const indent = /^[ \t]*#/.test(line) ? /^ */.exec(line)?.[0].length : undefined;
    if (indent === undefined ? line.trim() !== '' : indent <= column) break;
    if (indent !== undefined) reached = at + line.length;
    at = nextLineOf(text, at);
  }
  return reached;
}

/** Whether a token only separates others. */
function isBetween(type: CST.SourceToken['type']): boolean {
  return type === 'space' || type === 'comment' || type === 'newline' || type === 'comma';
}

function formOf(token: CST.Token): FieldText['form'] | undefined {
  switch (token.type) {
    case 'scalar':
      return 'plain';
    case 'single-quoted-scalar':
      return 'single-quoted';
    case 'double-quoted-scalar':
      return 'double-quoted';
    case 'block-scalar':
      return 'block-scalar';
    case 'flow-collection':
      return 'flow';
    case 'block-map':
    case 'block-seq':
      return 'block';
    default:
      return undefined;
  }
}

function endOf(token: CST.Token): number {
  switch (token.type) {
    case 'block-scalar': {
      const header = headerOf(token);
      const start = contentStartOf(token);
      // What is kept behind the last line (`|+`) is part of the value.
      const content = header.source.includes('+') ? token.source.replace(/\r?\n$/, '') : token.source.trimEnd();
      return content === '' ? headerEndOf(token) : start + content.length;
    }
    case 'flow-collection':
      return (token.end.find(({ type }) => !isBetween(type)) ?? token.start).offset + 1;
    case 'block-map':
    case 'block-seq':
      return Math.max(...token.items.map((item) => endOfItem(item, token.offset)));
    default:
      return 'source' in token ? token.offset + token.source.length : token.offset;
  }
}

function endOfItem({ start, key, sep, value }: CST.CollectionItem, otherwise: number): number {
  if (value !== undefined) return endOf(value);
  const marks = [...start, ...(sep ?? [])].filter(({ type }) => !isBetween(type));
  const ends = marks.map(({ offset, source }) => offset + source.length);
  return Math.max(otherwise, ...ends, ...(key == null ? [] : [endOf(key)]));
}

function headerOf(token: CST.BlockScalar): CST.SourceToken {
  return token.props.find(({ type }) => type === 'block-scalar-header') as CST.SourceToken;
}

function headerEndOf(token: CST.BlockScalar): number {
  const { offset, source } = headerOf(token);
  return offset + source.length;
}

function contentStartOf(token: CST.BlockScalar): number {
  const last = token.props.at(-1) as CST.SourceToken;
  return last.offset + last.source.length;
}
