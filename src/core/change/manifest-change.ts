/** Two sets of rendered objects → those that differ. */
import { diffLines } from 'diff';
import { compareText } from '../diagnostics/problem.ts';

/** A rendered object, as text. */
export interface PrintedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly output: string;
}

export interface ChangedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  /** As text; undefined when it did not exist, or no longer exists. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface ManifestChange extends Omit<ChangedObject, 'before' | 'after'> {
  /** Added and removed lines, in the order of the text, without line ends. */
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

/** With the lines that differ. */
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
