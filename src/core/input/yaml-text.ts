/**
 * Text → plain value, or problems with their positions. The only place that reads YAML.
 *
 * Our own files are read as YAML 1.2, and a scalar that YAML 1.1 reads differently is an error: people
 * copy such lines from Kubernetes manifests and back. Those manifests are read as kubectl reads them.
 *
 * Invariants: what comes out is JSON (objects, lists, strings, finite safe numbers, booleans, null)
 * with string keys, none of them `__proto__`, `constructor` or `prototype`; aliases share the value they point to and their expansion is
 * bounded; nothing of the order, style or comments of the text is in the value but the order of keys.
 */
import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { FieldPath, Place, Problem, ProblemCode } from '../diagnostics/problem.ts';
import { limitProblems, maxProblems, toFieldText } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { isMap as isPlainMap } from './plain-value.ts';
import type { SourceFile } from './source-file.ts';
import { resolveAsKubectl, resolveKeyAsKubectl } from './yaml-dialects.ts';
import type { ComposeOptions } from './yaml-documents.ts';
import { composeDocuments, defaultMaxTokens, maxDocuments } from './yaml-documents.ts';

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

/** Whether a field can take a value; for advice only. */
export type Accepts = (path: FieldPath, value: unknown) => boolean;

/** Parses one of our own files, which must hold one document beside empty ones. */
export function parseText(source: SourceFile, accepts: Accepts = () => true): ParsedText {
  const problems: Problem[] = [];
  const report = toReport(source, problems);
  const [document, second] = compose(source, report, { atMost: 2 });
  if (document === undefined) return { value: undefined, problems };
  if (second !== undefined)
    report(
      'multiple-documents',
      offsetOf(second),
      safe`a second document begins here`,
      safe`move each document to its own file`,
    );
  const lineBreak = findForeignLineBreak(source.text);
  if (lineBreak !== undefined)
    report(
      'ambiguous-yaml',
      lineBreak,
      safe`YAML 1.1, as Kubernetes reads it, treats this character as a line break, and YAML 1.2 does not`,
      safe`write it as ${toEscape(source.text[lineBreak] as string)} in double quotes, or remove it`,
    );
  if (problems.length > 0) return { value: undefined, problems: limitProblems(problems) };
  const value = new ValueReader(report, accepts).read(document.contents as Node);
  return { value: problems.length > 0 ? undefined : value, problems: limitProblems(problems) };
}

/**
 * Parses a Kubernetes manifest as kubectl reads it. Several documents become the items of a List.
 */
export function parseManifests(source: SourceFile): ParsedText {
  const problems: Problem[] = [];
  const report = toReport(source, problems);
  // A person's own manifests, such as a List of all InferenceServices, may be long.
  const documents = compose(source, report, { maxTokens: Number.POSITIVE_INFINITY });
  const lineBreak = source.text.trimStart().startsWith('{') ? undefined : findForeignLineBreak(source.text);
  if (lineBreak !== undefined)
    report(
      'ambiguous-yaml',
      lineBreak,
      safe`kubectl treats this character as a line break`,
      safe`write it as ${toEscape(source.text[lineBreak] as string)} in double quotes, or remove it`,
    );
  if (problems.length > 0) return { value: undefined, problems: limitProblems(problems) };
  const values = documents.map(({ contents }) => new ValueReader(report, undefined).read(contents as Node));
  if (problems.length > 0) return { value: undefined, problems: limitProblems(problems) };
  return { value: values.length === 1 ? values[0] : { apiVersion: 'v1', kind: 'List', items: values }, problems };
}

/** The documents that hold something; none when a problem keeps all of them from being read. */
function compose(source: SourceFile, report: Report, options: ComposeOptions): readonly Document.Parsed[] {
  const conflict = /^<{7} .*$/m.exec(source.text);
  if (conflict !== null) {
    report(
      'yaml-syntax',
      conflict.index,
      safe`a merge conflict begins here`,
      safe`resolve it, down to the line of >>>>>>>`,
    );
    return [];
  }
  const composed = composeDocuments(source.text, options);
  if ('refused' in composed) {
    if (composed.refused === 'depth')
      report('unsupported-yaml', 0, safe`nested deeper than ${maxDepth} levels`, safe`flatten the file`);
    else if (composed.refused === 'tokens')
      report(
        'file-too-large',
        0,
        safe`the file has more than ${defaultMaxTokens} values and separators`,
        safe`make it smaller, or rename it if it is not for model-mirror`,
      );
    else report('unsupported-yaml', 0, safe`more than ${maxDocuments} documents`, safe`remove the lines of "---"`);
    return [];
  }
  const { documents } = composed;
  if (documents.length === 0) report('empty-file', 0, safe`the file is empty`, safe`fill it in, or delete the file`);
  for (const document of documents) reportSyntax(document, report);
  return documents;
}

function reportSyntax({ errors, warnings, directives }: Document.Parsed, report: Report): void {
  // There may be one for each character, and no more are reported.
  for (const error of errors.slice(0, maxProblems + 1)) {
    if (error.code === 'NON_STRING_KEY')
      report('unsupported-yaml', error.pos[0], safe`this key is not plain text`, safe`write the key as text`);
    else report('yaml-syntax', error.pos[0], mask(error.message), safe`fix the YAML here or just before`);
  }
  for (const warning of warnings.slice(0, maxProblems + 1))
    report('unsupported-yaml', warning.pos[0], mask(warning.message), safe`leave the tag or directive out`);
  if (directives?.yaml.explicit && directives.yaml.version !== '1.2')
    report(
      'unsupported-yaml',
      0,
      safe`the file asks for YAML ${directives.yaml.version}`,
      safe`leave the %YAML directive out`,
    );
}

/** NEL, LS and PS are line breaks in YAML 1.1 alone, in comments and quotes too. */
function findForeignLineBreak(text: string): number | undefined {
  const at = text.search(/[\u0085\u2028\u2029]/);
  return at === -1 ? undefined : at;
}

function toEscape(character: string): SafeText {
  return mask(`\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

type Report = (code: ProblemCode, offset: number, message: SafeText, hint: SafeText, field?: SafeText) => void;

function toReport(source: SourceFile, problems: Problem[]): Report {
  return (code, offset, message, hint, field = safe``) => {
    if (problems.length > maxProblems) return;
    problems.push({ severity: 'error', code, ...toPlace(source, offset), field, message, hint });
  };
}

interface Anchored {
  readonly value: unknown;
  readonly nodes: number;
  /** How many maps and lists lie in each other in it. */
  readonly height: number;
}

/** Walks the nodes in the order of the text, where an alias always comes after its anchor. */
class ValueReader {
  readonly #report: Report;
  /** Undefined: the text is read as kubectl reads it. */
  readonly #accepts: Accepts | undefined;
  readonly #anchors = new Map<string, Anchored | 'open'>();
  readonly #path: (string | number)[] = [];
  #nodes = 0;
  #deepest = 0;
  #tooDeepReported = false;
  #aliasedNodes = 0;
  #bombReported = false;

  constructor(report: Report, accepts: Accepts | undefined) {
    this.#report = report;
    this.#accepts = accepts;
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
    return isScalar(node) ? this.#readScalar(node, offsetOf(node)) : null;
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
    const written = new Set<string>();
    for (const pair of pairs) {
      const key = pair.key;
      const offset = key === null ? offsetOf(map) : offsetOf(key);
      if (!isScalar(key) || typeof key.value !== 'string' || key.anchor !== undefined) {
        this.#report('unsupported-yaml', offset, safe`this key is not plain text`, safe`write the key as text`);
        continue;
      }
      const name = this.#readKey(key as Scalar<string>, offset);
      if (name === undefined) continue;
      this.#path.push(name);
      const field = toFieldText(this.#path);
      if (forbiddenKeys.has(name))
        this.#report('forbidden-key', offset, safe`"${mask(name)}" is not allowed as a key`, safe`remove it`, field);
      else if (name.length > maxKeyLength || !name.isWellFormed())
        this.#report(
          'unsupported-yaml',
          offset,
          safe`this key is longer than ${maxKeyLength} characters, or not Unicode text`,
          safe`shorten it`,
        );
      else if (name === '<<' && this.#accepts === undefined && key.type === 'PLAIN') this.#merge(object, pair.value);
      else if (name === '<<')
        this.#report(
          'unsupported-yaml',
          offset,
          safe`merge keys (<<) are not read`,
          safe`write the fields out; what both versions share belongs in spec.template`,
          field,
        );
      else if (written.has(name))
        this.#report('duplicate-key', offset, safe`${quote(name)} is set twice`, safe`keep one of the two`, field);
      else {
        written.add(name);
        object[name] = pair.value === null ? null : this.read(pair.value);
      }
      this.#path.pop();
    }
    return object;
  }

  /** Undefined, and reported, when a plain key means something else to kubectl, or nothing. */
  #readKey(key: Scalar<string>, offset: number): string | undefined {
    const name = key.value;
    const asKubectl = key.type === 'PLAIN' && key.tag === undefined ? resolveKeyAsKubectl(name) : name;
    if (asKubectl === name) return name;
    if (this.#accepts === undefined && asKubectl !== undefined) return asKubectl;
    const field = toFieldText([...this.#path, name]);
    const meaning = asKubectl === undefined ? safe`is not text` : safe`is ${quote(asKubectl)}`;
    this.#report(
      'ambiguous-yaml',
      offset,
      safe`the key ${quote(name)} ${meaning} in YAML 1.1, as Kubernetes reads it`,
      safe`put quotes around it`,
      field,
    );
    return undefined;
  }

  /** As go-yaml 2 does it: in the order of the text, so that what is merged replaces what is written before it. */
  #merge(object: Record<string, unknown>, node: Node | null): void {
    const value = node === null ? null : this.read(node);
    // Of several, the first one wins.
    const maps: unknown[] = isSeq(node) && Array.isArray(value) ? value.toReversed() : [value];
    for (const map of maps) {
      if (isPlainMap(map)) Object.assign(object, map);
      else
        this.#report(
          'unsupported-yaml',
          node === null ? 0 : offsetOf(node),
          safe`a merge key (<<) takes a map`,
          safe`fix it`,
        );
    }
  }

  #readScalar(scalar: Scalar, offset: number): unknown {
    const value = this.#resolve(scalar, offset);
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
        safe`this is not Unicode text`,
        safe`write whole characters`,
        toFieldText(this.#path),
      );
    return value;
  }

  #resolve({ value, source, type, tag }: Scalar, offset: number): unknown {
    const isResolved = tag === undefined ? type === 'PLAIN' : resolvedTags.has(tag);
    if (!isResolved || source === undefined) return value;
    const asKubectl = resolveAsKubectl(source);
    if (this.#accepts === undefined) return asKubectl;
    // A number that JSON cannot hold is reported as such.
    if (asKubectl === value || (typeof value === 'number' && !Number.isFinite(value))) return value;
    const path = [...this.#path];
    const isText = this.#accepts(path, source);
    const others = [asKubectl, value].filter((one) => typeof one !== 'string' && this.#accepts?.(path, one) === true);
    // Where a text would do as well, nobody means `0644` to be 644.
    const writings = others.slice(0, isText ? 1 : 2).map((one) => mask(String(one)));
    const advice = [
      ...(isText ? [safe`put quotes around it`] : []),
      ...(writings.length === 0 ? [] : [safe`write ${join(writings, ' or ')}`]),
    ];
    // The field takes neither, and has a problem of its own.
    if (advice.length === 0) return value;
    this.#report(
      'ambiguous-yaml',
      offset,
      safe`${quote(source)} is ${toSpelling(asKubectl)} in YAML 1.1, as Kubernetes reads it, and ${toSpelling(value)} in YAML 1.2`,
      tag === undefined ? join(advice, ', or ') : safe`remove the tag`,
      toFieldText(path),
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

/** Where a tag has a value resolved, whatever its quotes. */
const resolvedTags: ReadonlySet<string> = new Set(
  ['bool', 'int', 'float', 'null'].map((name) => `tag:yaml.org,2002:${name}`),
);

function toSpelling(value: unknown): SafeText {
  return typeof value === 'string' ? safe`text` : mask(String(value));
}

/**
 * Where a field stands in its file. A field that is missing is placed at the nearest field around
 * it that is there. `on` tells whether its key is meant (default) or its value.
 */
export function locate(source: SourceFile, path: FieldPath, on: 'key' | 'value' = 'key'): Place {
  let offset = 0;
  const documents = toLocatedDocuments(source);
  const [items, item, ...inner] = path;
  // Several documents are read as the items of a List.
  const isOfSeveral = documents.length > 1 && items === 'items' && typeof item === 'number';
  let node: unknown = (isOfSeveral ? documents[item] : documents[0])?.contents;
  if (isMap(node) || isSeq(node)) offset = offsetOf(node);
  for (const part of isOfSeveral ? inner : path) {
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

/** Problems come file by file: the last file's documents are those that are looked at again. */
let located: { readonly source: SourceFile; readonly documents: readonly Document.Parsed[] } | undefined;

function toLocatedDocuments(source: SourceFile): readonly Document.Parsed[] {
  if (located?.source !== source) {
    const composed = composeDocuments(source.text);
    located = { source, documents: 'refused' in composed ? [] : composed.documents };
  }
  return located.documents;
}

function offsetOf(node: Node | Document.Parsed): number {
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
