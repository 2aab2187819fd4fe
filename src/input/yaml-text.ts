/**
 * Text → plain value, or problems with their positions. The only place that reads YAML.
 *
 * Invariants: what comes out is JSON (objects, lists, strings, finite safe numbers, booleans, null)
 * with string keys, none of them `__proto__`, `constructor` or `prototype`; aliases share the value they point to and their expansion is
 * bounded; nothing of the order, style or comments of the text is in the value but the order of keys.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, parseDocument } from 'yaml';
import type { FieldPath, Place, Problem, ProblemCode } from './problem.ts';
import { limitProblems, maxProblems, toFieldText } from './problem.ts';
import type { SafeText } from './safe-text.ts';
import { mask, quote, safe } from './safe-text.ts';
import type { SourceFile } from './source-file.ts';

/** What aliases may add to a file, in nodes. A template shared by two versions needs some tens. */
const maxAliasedNodes = 10_000;

/** Keys by which an object can be made to lie about what it is; libraries drop them in silence. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** YAML's own limit for a key before its colon is 1,024, quotes and escapes included. */
const maxKeyLength = 256;

/** How deep maps and lists may lie in each other: what walks the value later does so by recursion. */
const maxDepth = 100;

/** The value of a file, or undefined when a problem keeps it from having one. */
export interface ParsedText {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

/** Parses one file that must hold one YAML 1.2 document. */
export function parseText(source: SourceFile): ParsedText {
  const problems: Problem[] = [];
  const report = (code: ProblemCode, offset: number, message: SafeText, hint: SafeText, field: SafeText = safe``) => {
    if (problems.length > maxProblems) return;
    const place = toPlace(source, offset);
    problems.push({ severity: 'error', code, ...place, field, message, hint });
  };
  const conflict = /^<{7} .*$/m.exec(source.text);
  if (conflict !== null) {
    report(
      'yaml-syntax',
      conflict.index,
      safe`a merge conflict begins here`,
      safe`resolve it, down to the line of >>>>>>>`,
    );
    return { value: undefined, problems };
  }
  const document = toDocument(source);
  // The parser recurses, and turns an overflow of its stack into errors of the text, or throws it.
  if (document === undefined || document.errors.some((error) => error.message.startsWith('Maximum call stack'))) {
    report('unsupported-yaml', 0, safe`nested deeper than ${maxDepth} levels`, safe`flatten the file`);
    return { value: undefined, problems };
  }
  for (const error of document.errors) {
    if (error.code === 'NON_STRING_KEY') {
      report('unsupported-yaml', error.pos[0], safe`this key is not plain text`, safe`write the key as text`);
      continue;
    }
    if (error.code === 'MULTIPLE_DOCS')
      report(
        'multiple-documents',
        error.pos[0],
        safe`a second document begins here`,
        safe`put each document into a file of its own`,
      );
    else report('yaml-syntax', error.pos[0], mask(error.message), safe`mend the YAML here or just before`);
  }
  for (const warning of document.warnings)
    report('unsupported-yaml', warning.pos[0], mask(warning.message), safe`leave the tag or directive out`);
  if (document.directives?.yaml.explicit && document.directives.yaml.version !== '1.2')
    report(
      'unsupported-yaml',
      0,
      safe`the file asks for YAML ${document.directives.yaml.version}`,
      safe`leave the %YAML directive out: files are read as YAML 1.2`,
    );
  if (problems.length > 0) return { value: undefined, problems: limitProblems(problems) };
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    report('empty-file', 0, safe`the file is empty`, safe`write the document, or delete the file`);
    return { value: undefined, problems };
  }
  const value = new ValueReader(report).read(document.contents);
  return { value: problems.length > 0 ? undefined : value, problems: limitProblems(problems) };
}

type Report = (code: ProblemCode, offset: number, message: SafeText, hint: SafeText, field?: SafeText) => void;

interface Anchored {
  readonly value: unknown;
  readonly nodes: number;
  /** How many maps and lists lie in each other in it. */
  readonly height: number;
}

/** Walks the nodes in the order of the text, where an alias always comes after its anchor. */
class ValueReader {
  readonly #report: Report;
  readonly #anchors = new Map<string, Anchored | 'open'>();
  readonly #path: (string | number)[] = [];
  #nodes = 0;
  #deepest = 0;
  #tooDeepReported = false;
  #aliasedNodes = 0;
  #bombReported = false;

  constructor(report: Report) {
    this.#report = report;
  }

  read(node: Node): unknown {
    if (isAlias(node)) return this.#readAlias(node.source, node);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor === undefined) return this.#readContent(node);
    const nodesBefore = this.#nodes;
    const deepestBefore = this.#deepest;
    this.#anchors.set(anchor, 'open');
    this.#deepest = this.#path.length;
    const value = this.#readContent(node);
    this.#anchors.set(anchor, {
      value,
      nodes: this.#nodes - nodesBefore,
      height: this.#deepest - this.#path.length,
    });
    this.#deepest = Math.max(this.#deepest, deepestBefore);
    return value;
  }

  #readContent(node: Node): unknown {
    this.#nodes++;
    if (!this.#reach(this.#path.length, node)) return null;
    if (isMap(node)) return this.#readMap(node.items as Pair<Node | null, Node | null>[], node);
    if (isSeq(node)) {
      const list: unknown[] = [];
      for (const item of node.items as Node[]) {
        this.#path.push(list.length);
        list.push(this.read(item));
        this.#path.pop();
      }
      return list;
    }
    return isScalar(node) ? this.#readScalar(node.value, offsetOf(node)) : null;
  }

  /** False when this depth is more than a file may have. */
  #reach(depth: number, node: Node): boolean {
    this.#deepest = Math.max(this.#deepest, depth);
    if (depth <= maxDepth) return true;
    if (!this.#tooDeepReported)
      this.#report(
        'unsupported-yaml',
        offsetOf(node),
        safe`nested deeper than ${maxDepth} levels`,
        safe`flatten the file`,
      );
    this.#tooDeepReported = true;
    return false;
  }

  #readMap(pairs: readonly Pair<Node | null, Node | null>[], map: Node): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (const pair of pairs) {
      const key = pair.key;
      const offset = key === null ? offsetOf(map) : offsetOf(key);
      if (!isScalar(key) || typeof key.value !== 'string' || key.anchor !== undefined) {
        this.#report('unsupported-yaml', offset, safe`this key is not plain text`, safe`write the key as text`);
        continue;
      }
      const name = key.value;
      this.#path.push(name);
      const field = toFieldText(this.#path);
      if (forbiddenKeys.has(name))
        this.#report('forbidden-key', offset, safe`"${mask(name)}" is not allowed as a key`, safe`remove it`, field);
      else if (name.length > maxKeyLength || !name.isWellFormed())
        this.#report(
          'unsupported-yaml',
          offset,
          safe`this key is longer than ${maxKeyLength} characters, or no Unicode text`,
          safe`shorten it`,
        );
      else if (name === '<<')
        this.#report(
          'unsupported-yaml',
          offset,
          safe`merge keys (<<) are not read`,
          safe`write the fields out; what both versions share belongs in spec.template`,
          field,
        );
      else if (Object.hasOwn(object, name))
        this.#report('duplicate-key', offset, safe`${quote(name)} is set twice`, safe`keep one of the two`, field);
      else object[name] = pair.value === null ? null : this.read(pair.value);
      this.#path.pop();
    }
    return object;
  }

  #readScalar(value: unknown, offset: number): unknown {
    if (typeof value === 'number' && !(Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)))
      this.#report(
        'unrepresentable-value',
        offset,
        safe`this number cannot be kept exactly in JSON`,
        safe`quote it if it is text; otherwise write a smaller one`,
        toFieldText(this.#path),
      );
    if (typeof value === 'string' && !value.isWellFormed())
      this.#report(
        'unrepresentable-value',
        offset,
        safe`this is no Unicode text`,
        safe`write whole characters`,
        toFieldText(this.#path),
      );
    return value;
  }

  #readAlias(name: string, node: Node): unknown {
    const offset = offsetOf(node);
    const anchored = this.#anchors.get(name);
    if (anchored === undefined || anchored === 'open') {
      this.#report(
        'yaml-syntax',
        offset,
        anchored === 'open'
          ? safe`alias *${mask(name)} is inside its own anchor`
          : safe`alias *${mask(name)} has no anchor before it`,
        safe`write the value out`,
        toFieldText(this.#path),
      );
      return null;
    }
    if (!this.#reach(this.#path.length + anchored.height, node)) return null;
    this.#nodes += anchored.nodes;
    this.#aliasedNodes += anchored.nodes;
    if (this.#aliasedNodes > maxAliasedNodes && !this.#bombReported) {
      this.#bombReported = true;
      this.#report(
        'alias-bomb',
        offset,
        safe`aliases unfold to more than ${maxAliasedNodes} values`,
        safe`write the values out, or use fewer aliases`,
        toFieldText(this.#path),
      );
    }
    return anchored.value;
  }
}

/**
 * Where a field stands in its file. A field that is missing is placed at the nearest field around
 * it that is there. `on` tells whether its key is meant (default) or its value.
 */
export function locate(source: SourceFile, path: FieldPath, on: 'key' | 'value' = 'key'): Place {
  let offset = 0;
  let node: unknown = toLocatedDocument(source)?.contents;
  if (isMap(node) || isSeq(node)) offset = offsetOf(node);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (pair === undefined) break;
      const wanted = on === 'value' && part === path.at(-1) && pair.value !== null ? pair.value : pair.key;
      offset = offsetOf(wanted as Node);
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number' && node.items[part] !== undefined) {
      node = node.items[part];
      offset = offsetOf(node as Node);
    } else break;
  }
  return toPlace(source, offset);
}

/** Problems come file by file: the last file's document is the one that is asked for again. */
let located: { readonly source: SourceFile; readonly document: Document.Parsed | undefined } | undefined;

function toLocatedDocument(source: SourceFile): Document.Parsed | undefined {
  if (located?.source !== source) located = { source, document: toDocument(source) };
  return located.document;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function toPlace(source: SourceFile, offset: number): Place {
  let line = 1;
  let lineStart = 0;
  for (let end = source.text.indexOf('\n'); end !== -1 && end < offset; end = source.text.indexOf('\n', lineStart)) {
    line++;
    lineStart = end + 1;
  }
  // A byte order mark is no column of the text.
  const mark = line === 1 && offset > 0 && source.text.startsWith('\ufeff') ? 1 : 0;
  return { file: mask(source.path), line, column: offset - lineStart + 1 - mark };
}

/** Undefined when the nesting is too deep for the parser's recursion. */
function toDocument(source: SourceFile): Document.Parsed | undefined {
  try {
    return parseDocument(source.text, {
      prettyErrors: false,
      stringKeys: true,
      // Compares every key with every earlier one; the reader's own check does not.
      uniqueKeys: false,
      // Not "silent", which would also keep back that there is a second document.
      logLevel: 'error',
    });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
