/** Two sets of rendered objects → the lines that differ, object by object. */
import { diffLines } from 'diff';
import { compareText } from '../diagnostics/problem.ts';

/** An object as it was printed. */
export interface PrintedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly output: string;
}

/** An object that is not what it was. */
export interface ChangedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** As it was printed; undefined where it was not there, or is no more. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface ManifestChange extends Omit<ChangedObject, 'before' | 'after'> {
  /** The lines that came or went, in the order of the text, without their line ends. */
  readonly lines: readonly { readonly sign: '+' | '-'; readonly text: string }[];
}

/** Sorted by kind, namespace, name; equal objects are left out. */
export function pairObjects(before: readonly PrintedObject[], after: readonly PrintedObject[]): ChangedObject[] {
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
    return [{ kind, namespace, name, change, before: was?.output, after: is?.output }];
  });
}

/** The same, with the lines that differ. */
export function computeManifestChanges(
  before: readonly PrintedObject[],
  after: readonly PrintedObject[],
): ManifestChange[] {
  return pairObjects(before, after).map(({ before: was, after: is, ...object }) => ({
    ...object,
    lines: toLines(was ?? '', is ?? ''),
  }));
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
