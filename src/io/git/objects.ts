/**
 * Git's objects as bytes (gitformat-pack(5), "Object types"; git-hash-object(1)).
 *
 * Names in trees are bytes in any encoding. Here they are latin1 texts, one character per byte, so that names which were
 * not written by this program stay unchanged.
 */
import { createHash } from 'node:crypto';
import type { Entry, EntryKind } from '../../core/repository/entries.ts';

export type ObjectType = 'commit' | 'tree' | 'blob' | 'tag';

export const folderMode = '40000';

export interface TreeEntry {
  /** Octal, as git writes it: `40000` is a folder. */
  readonly mode: string;
  readonly name: string;
  readonly oid: string;
}

/** A name in a tree as text: in UTF-8. */
export function toNameText(name: string): string {
  return /[\x80-\xff]/.test(name) ? Buffer.from(name, 'latin1').toString('utf8') : name;
}

export function toNameBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** What an entry is by its mode (gitformat-index(5), git-fast-import(1)). Old trees write `040000`, too. */
export function toEntry({ name, mode }: Pick<TreeEntry, 'name' | 'mode'>): Entry {
  return { name, kind: kinds.get(Number.parseInt(mode, 8) & 0o170000) ?? 'file' };
}

const kinds: ReadonlyMap<number, EntryKind> = new Map([
  [0o040000, 'folder'],
  [0o120000, 'link'],
  [0o160000, 'submodule'],
]);

export interface CommitContent {
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

interface Signature {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly date: number;
}

/** In bytes, of SHA-1. Other ids are read only from objects that git itself returns. */
const sha1Length = 20;

/** SHA-1, in hexadecimal. */
export function toObjectId(type: ObjectType, content: Buffer): string {
  return createHash('sha1').update(`${type} ${content.length}\0`).update(content).digest('hex');
}

/**
 * The entries in their order.
 *
 * @param isWanted by name; other entries are left out.
 * @param idLength in bytes.
 * @throws Error when the tree is cut off.
 */
export function parseTree(
  raw: Buffer,
  isWanted: (name: string) => boolean = () => true,
  idLength = sha1Length,
): TreeEntry[] {
  const entries: TreeEntry[] = [];
  const text = raw.toString('latin1');
  for (let at = 0; at < raw.length; ) {
    const { space, nul, end } = toBounds(text, at, idLength);
    const name = text.slice(space + 1, nul);
    if (isWanted(name)) entries.push({ mode: text.slice(at, space), name, oid: raw.toString('hex', nul + 1, end) });
    at = end;
  }
  return entries;
}

/** Where the parts of the entry at a place end. */
function toBounds(text: string, at: number, idLength: number): { space: number; nul: number; end: number } {
  const space = text.indexOf(' ', at);
  const nul = text.indexOf('\0', space + 1);
  const end = nul + 1 + idLength;
  if (space < 0 || nul < 0 || end > text.length) throw new Error('a tree that is cut off');
  return { space, nul, end };
}

/** Bytes that stay where a tree is edited, by their places in the old tree. */
export interface Kept {
  readonly from: number;
  readonly to: number;
}

export interface EditedTree {
  readonly content: Buffer;
  /** The content in order: what stays, and new bytes. */
  readonly parts: readonly (Kept | Buffer)[];
}

/**
 * A tree with some entries set, or removed where undefined; all others keep their bytes.
 *
 * @param changes by name.
 * @throws Error when the tree is cut off.
 */
export function editTree(
  raw: Buffer,
  changes: ReadonlyMap<string, { readonly mode: string; readonly oid: string } | undefined>,
): EditedTree {
  const pending: TreeEntry[] = [];
  for (const [name, entry] of changes) if (entry !== undefined) pending.push({ name, ...entry });
  pending.sort(compareEntries);
  const parts: (Kept | Buffer)[] = [];
  let next = 0;
  let from = 0;
  const keep = (to: number) => {
    if (from < to) parts.push({ from, to });
    from = to;
  };
  // Searching one long text takes a third of the time of thousands of calls to the Buffer.
  const text = raw.toString('latin1');
  for (let at = 0; at < raw.length; ) {
    const { space, nul, end } = toBounds(text, at, sha1Length);
    const name = text.slice(space + 1, nul);
    const sortName = toSortName({ mode: text.slice(at, space), name });
    for (let added = pending[next]; added !== undefined && toSortName(added) < sortName; added = pending[next]) {
      keep(at);
      parts.push(toRawEntry(added));
      next++;
    }
    if (changes.has(name)) {
      keep(at);
      from = end;
    }
    at = end;
  }
  keep(raw.length);
  for (const added of pending.slice(next)) parts.push(toRawEntry(added));
  const content = Buffer.concat(parts.map((part) => ('from' in part ? raw.subarray(part.from, part.to) : part)));
  return { content, parts };
}

/** The content of a commit; the message ends with a line end. */
export function toCommit({ tree, parents, author, committer, message }: CommitContent): Buffer {
  const sign = ({ name, email, date }: Signature) => `${toWord(name)} <${toWord(email)}> ${date} +0000`;
  return Buffer.from(
    [
      `tree ${tree}`,
      ...parents.map((parent) => `parent ${parent}`),
      `author ${sign(author)}`,
      `committer ${sign(committer)}`,
      '',
      message.endsWith('\n') ? message : `${message}\n`,
    ].join('\n'),
    'utf8',
  );
}

/**
 * Reads a commit, without signatures and other headers, in the encoding that it names (git-commit(1), "DISCUSSION"),
 * or in UTF-8.
 *
 * @throws Error when something is missing.
 */
export function parseCommit(raw: Buffer): CommitContent {
  const text = raw.toString('utf8');
  const [encoding] = toHeaders(text)('encoding');
  return parseCommitText((encoding === undefined ? undefined : decode(raw, encoding)) ?? text);
}

function decode(raw: Buffer, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding).decode(raw);
  } catch {
    return undefined;
  }
}

function toHeaders(text: string): (key: string) => string[] {
  const end = text.indexOf('\n\n');
  const lines = (end < 0 ? text : text.slice(0, end)).split('\n');
  return (key) => lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
}

function parseCommitText(text: string): CommitContent {
  const values = toHeaders(text);
  const [tree] = values('tree');
  const [author = ''] = values('author');
  const [committer = ''] = values('committer');
  if (tree === undefined) throw new Error('a commit without a tree');
  const end = text.indexOf('\n\n');
  return {
    tree,
    parents: values('parent'),
    author: parseSignature(author),
    committer: parseSignature(committer),
    message: end < 0 ? '' : text.slice(end + 2),
  };
}

function parseSignature(text: string): Signature {
  const [, name, email = ''] = /^([^<]*)<([^>]*)>/.exec(text) ?? [];
  const [, date] = / (-?\d+) [+-]\d+$/.exec(text) ?? [];
  if (name === undefined || date === undefined) throw new Error('a commit without an author or a committer');
  return { name: name.replace(/ $/, ''), email, date: Number(date) };
}

/** Without the characters that would end a name in a commit's header. */
function toWord(text: string): string {
  return text.replace(/[<>\n\0]/g, '').trim();
}

function toRawEntry({ mode, name, oid }: TreeEntry): Buffer {
  return Buffer.concat([Buffer.from(`${mode} ${name}\0`, 'latin1'), Buffer.from(oid, 'hex')]);
}

/** A folder sorts as if its name ended in a slash. */
function toSortName({ mode, name }: Pick<TreeEntry, 'mode' | 'name'>): string {
  return mode === folderMode ? `${name}/` : name;
}

function compareEntries(a: TreeEntry, b: TreeEntry): number {
  const [left, right] = [toSortName(a), toSortName(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
