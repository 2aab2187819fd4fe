/** Two sets of rendered objects → the lines that differ, object by object. */
import { diffLines } from 'diff';
import { compareText } from '../input/problem.ts';

/** An object as it was printed. */
export interface PrintedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly output: string;
}

export interface ManifestChange {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** The lines that came or went, in the order of the text, without their line ends. */
  readonly lines: readonly { readonly sign: '+' | '-'; readonly text: string }[];
}

/** Sorted by kind, namespace, name; equal objects are left out. */
export function computeManifestChanges(
  before: readonly PrintedObject[],
  after: readonly PrintedObject[],
): ManifestChange[] {
  const old = new Map(before.map((object) => [toKey(object), object]));
  const now = new Map(after.map((object) => [toKey(object), object]));
  const keys = [...new Set([...old.keys(), ...now.keys()])].sort(compareText);
  return keys.flatMap((key) => {
    const was = old.get(key);
    const is = now.get(key);
    const object = is ?? was;
    if (object === undefined || was?.output === is?.output) return [];
    const { kind, namespace, name } = object;
    const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed';
    return [{ kind, namespace, name, change, lines: toLines(was?.output ?? '', is?.output ?? '') }];
  });
}

function toLines(before: string, after: string): ManifestChange['lines'] {
  return diffLines(before, after).flatMap(({ added, removed, value }) => {
    if (!added && !removed) return [];
    const sign = added ? '+' : '-';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text) => ({ sign, text }) as const);
  });
}

function toKey({ kind, namespace, name }: PrintedObject): string {
  return `${kind} ${namespace} ${name}`;
}
