/** The nodes of a YAML document → a plain value, or problems. The limits are on what a small text can make large. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from 'yaml';
import type { FieldPath, ProblemCode } from '../diagnostics/problem.ts';
import { toFieldText } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, mask, quote, safe } from '../diagnostics/safe-text.ts';
import { isMap as isPlainMap } from './plain-value.ts';
import { resolveAsKubectl, resolveKeyAsKubectl } from './yaml-dialects.ts';
import { offsetOf } from './yaml-place.ts';

/** The number of nodes that aliases may add to a file. A template shared by two versions needs a few dozen. */
const maxAliasedNodes = 10_000;

/** Keys that change the prototype of an object; libraries drop them silently. */
const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** YAML's own limit for a key is 1,024 characters, with quotes and escapes. */
const maxKeyLength = 256;

/** The maximum nesting of maps and lists: later stages walk the value recursively. */
export const maxDepth = 100;

/** Whether a field can take a value; used only for hints. */
export type Accepts = (path: FieldPath, value: unknown) => boolean;

/** Records a problem at an offset of the text. */
export type Report = (code: ProblemCode, offset: number, message: SafeText, hint: SafeText, field?: SafeText) => void;

interface Anchored {
  readonly value: unknown;
  readonly nodes: number;
  /** How deep maps and lists are nested in it. */
  readonly height: number;
}

/** Reads the nodes in the order of the text, in which an anchor always precedes its aliases. */
export class ValueReader {
  readonly #report: Report;
  /** Undefined: read the text as kubectl does. */
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
    if (!this.#isShallow(this.#path.length, node)) return null;
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

  /** A problem of the field that is being read. */
  #refuse(code: ProblemCode, offset: number, message: SafeText, hint: SafeText): void {
    this.#report(code, offset, message, hint, toFieldText(this.#path));
  }

  /** Reports nesting that is too deep, once. */
  #isShallow(depth: number, node: Node): boolean {
    this.#deepest = Math.max(this.#deepest, depth);
    if (depth <= maxDepth) return true;
    if (!this.#tooDeepReported)
      this.#refuse(
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
      const offset = offsetOf(key ?? map);
      if (!isScalar(key) || typeof key.value !== 'string' || key.anchor !== undefined) {
        this.#refuse('unsupported-yaml', offset, safe`this key is not plain text`, safe`write the key as text`);
        continue;
      }
      const name = this.#readKey(key as Scalar<string>, offset);
      if (name === undefined) continue;
      this.#path.push(name);
      if (name === '<<' && this.#accepts === undefined && key.type === 'PLAIN') this.#merge(object, pair.value);
      else if (this.#isUsable(name, offset, written)) object[name] = pair.value === null ? null : this.read(pair.value);
      written.add(name);
      this.#path.pop();
    }
    return object;
  }

  #isUsable(name: string, offset: number, written: ReadonlySet<string>): boolean {
    if (forbiddenKeys.has(name))
      this.#refuse('forbidden-key', offset, safe`"${mask(name)}" is not allowed as a key`, safe`remove it`);
    else if (name.length > maxKeyLength || !name.isWellFormed())
      this.#report(
        'unsupported-yaml',
        offset,
        safe`this key is longer than ${maxKeyLength} characters, or not Unicode text`,
        safe`shorten it`,
      );
    else if (name === '<<')
      this.#refuse(
        'unsupported-yaml',
        offset,
        safe`merge keys (<<) are not supported`,
        safe`write the fields out; what both versions share belongs in spec.template`,
      );
    else if (written.has(name))
      this.#refuse('duplicate-key', offset, safe`${quote(name)} is set twice`, safe`keep one of the two`);
    else return true;
    return false;
  }

  /** Undefined, and reported, when kubectl reads a plain key as something else, or refuses it. */
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

  /** As in go-yaml 2: in the order of the text, so that merged fields replace those written before them. */
  #merge(object: Record<string, unknown>, node: Node | null): void {
    const value = node === null ? null : this.read(node);
    // The first of several maps wins.
    const maps: unknown[] = isSeq(node) && Array.isArray(value) ? value.toReversed() : [value];
    for (const map of maps) {
      if (isPlainMap(map)) Object.assign(object, map);
      else
        this.#report(
          'unsupported-yaml',
          node === null ? 0 : offsetOf(node),
          safe`the value of a merge key (<<) must be a map`,
          safe`write a map, or a list of maps`,
        );
    }
  }

  #readScalar(scalar: Scalar, offset: number): unknown {
    const value = this.#resolve(scalar, offset);
    if (typeof value === 'number' && !(Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)))
      this.#refuse(
        'unrepresentable-value',
        offset,
        safe`JSON cannot represent this number exactly`,
        safe`quote it if it is text; otherwise write a smaller one`,
      );
    if (typeof value === 'string' && !value.isWellFormed())
      this.#refuse('unrepresentable-value', offset, safe`this is not Unicode text`, safe`write whole characters`);
    return value;
  }

  #resolve({ value, source, type, tag }: Scalar, offset: number): unknown {
    const isResolved = tag === undefined ? type === 'PLAIN' : resolvedTags.has(tag);
    if (!isResolved || source === undefined) return value;
    const asKubectl = resolveAsKubectl(source);
    if (this.#accepts === undefined) return asKubectl;
    // A number that JSON cannot represent has a problem of its own.
    if (asKubectl === value || (typeof value === 'number' && !Number.isFinite(value))) return value;
    const path = [...this.#path];
    const isText = this.#accepts(path, source);
    const others = [asKubectl, value].filter((one) => typeof one !== 'string' && this.#accepts?.(path, one) === true);
    // Where a text is valid too, `0644` is not meant as the number 644.
    const writings = others.slice(0, isText ? 1 : 2).map((one) => mask(String(one)));
    const advice = [
      ...(isText ? [safe`put quotes around it`] : []),
      ...(writings.length === 0 ? [] : [safe`write ${join(writings, ' or ')}`]),
    ];
    // Neither is valid, which is a problem of its own.
    if (advice.length === 0) return value;
    this.#refuse(
      'ambiguous-yaml',
      offset,
      safe`${quote(source)} is ${toSpelling(asKubectl)} in YAML 1.1, as Kubernetes reads it, and ${toSpelling(value)} in YAML 1.2`,
      tag === undefined ? join(advice, ', or ') : safe`remove the tag`,
    );
    return value;
  }

  #readAlias(name: string, node: Node): unknown {
    const offset = offsetOf(node);
    const anchored = this.#anchors.get(name);
    if (anchored === undefined || anchored === 'open') {
      this.#refuse(
        'yaml-syntax',
        offset,
        anchored === 'open'
          ? safe`alias *${mask(name)} is inside its own anchor`
          : safe`alias *${mask(name)} has no anchor before it`,
        safe`write the value out`,
      );
      return null;
    }
    if (!this.#isShallow(this.#path.length + anchored.height, node)) return null;
    this.#nodes += anchored.nodes;
    this.#aliasedNodes += anchored.nodes;
    if (this.#aliasedNodes > maxAliasedNodes && !this.#bombReported) {
      this.#bombReported = true;
      this.#refuse(
        'alias-bomb',
        offset,
        safe`aliases expand to more than ${maxAliasedNodes} values`,
        safe`write the values out, or use fewer aliases`,
      );
    }
    return anchored.value;
  }
}

/** Tags that resolve a value even when it is quoted. */
const resolvedTags: ReadonlySet<string> = new Set(
  ['bool', 'int', 'float', 'null'].map((name) => `tag:yaml.org,2002:${name}`),
);

function toSpelling(value: unknown): SafeText {
  return typeof value === 'string' ? safe`text` : mask(String(value));
}
