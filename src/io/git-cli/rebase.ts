/**
 * Rebases local commits onto what the watcher pushed meanwhile.
 *
 * Invariant: it is done only if the other side changed nothing but the watcher's files, and the local commits changed
 * none of these. The new commits are made outside the work tree: no branch, file or index changes.
 */
import { join, posix } from 'node:path';
import { Fault, isFault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { isOfWatcher } from '../../core/input/file-role.ts';
import type { Destination, ForeignChange, NotRebased } from '../../core/ports/clone.ts';
import { makeTemporaryFolder, removeFolder } from '../files/work-folder.ts';

import type { Git, RunOptions } from './git.ts';
import { heads } from './head.ts';
import { toLiteral } from './pathspec.ts';
import { fetchUpstream } from './upstream.ts';

type Place = Pick<Destination, 'remote' | 'branch' | 'tracking'>;

export interface Rebased {
  readonly before: string;
  readonly after: string;
}

/**
 * Rebases the local commits onto the remote branch.
 *
 * @returns the new commits, or why there are none; undefined: the remote branch has nothing new.
 */
export async function rebase(git: Git, there: Place): Promise<Rebased | NotRebased | undefined> {
  try {
    return await tryRebase(git, there);
  } catch (error) {
    if (isFault(error)) return { reason: 'not-rewritten', said: error.message };
    throw error;
  }
}

async function tryRebase(git: Git, { remote, branch, tracking }: Place): Promise<Rebased | NotRebased | undefined> {
  const [before, tip] = await Promise.all([readCommit(git, 'HEAD'), fetchTip(git, remote, branch)]);
  const base = (await git.ask(['merge-base', before, tip]))?.trim();
  if (base === undefined) return { reason: 'unrelated' };
  if (base === tip) return undefined;
  // Commits that were removed at the remote must not come back as local ones.
  const [known] = tracking;
  const fork = known && (await git.ask(['merge-base', '--fork-point', known, before]))?.trim();
  if (fork && (await git.ask(['merge-base', '--is-ancestor', fork, tip])) === undefined) return { reason: 'rewound' };
  const theirs = await listChanged(git, base, tip);
  const foreign = theirs.filter((path) => !isOfWatcher(posix.basename(path)));
  if (foreign.length > 0) return { changes: await describe(git, `${base}..${tip}`, foreign), reason: 'changed' };
  const commits = await listLinear(git, base, before);
  if (commits === undefined) return { reason: 'not-linear' };
  const ours: string[] = [];
  for (const { id, parent } of commits) ours.push(...(await listChanged(git, parent, id)));
  if (isTouching(ours, theirs)) return { reason: 'same-files' };
  const folder = makeTemporaryFolder('model-mirror-');
  try {
    const isSigned = (await git.ask(['config', '--type=bool', '--get', 'commit.gpgsign']))?.trim() === 'true';
    let after = tip;
    for (const commit of commits) after = await copy(git, commit, { onto: after, folder, isSigned });
    return { before, after };
  } finally {
    removeFolder(folder);
  }
}

async function readCommit(git: Git, name: string): Promise<string> {
  return (await git.read(['rev-parse', '--verify', '--quiet', `${name}^{commit}`])).trim();
}

/** Fetches into a ref of this work tree and this process, which no other fetch changes. */
async function fetchTip(git: Git, remote: string, branch: string): Promise<string> {
  const ref = `refs/worktree/model-mirror-${process.pid}`;
  try {
    await fetchUpstream(git, { remote, source: heads + branch, ref }, new AbortController().signal);
    return await readCommit(git, ref);
  } finally {
    await git.ask(['update-ref', '-d', ref]);
  }
}

async function listChanged(git: Git, from: string, to: string): Promise<string[]> {
  const listed = await git.read(['diff-tree', '-r', '-z', '--no-renames', '--name-only', from, to]);
  return listed.split('\0').slice(0, -1);
}

/** Who changed which file; only for the first files. */
async function describe(git: Git, range: string, paths: readonly string[]): Promise<ForeignChange[]> {
  return Promise.all(
    paths.slice(0, 3).map(async (path) => {
      const format = ['--format=%h%x00%an%x00%s', '--encoding=UTF-8'];
      const logged = await git.ask(['log', '-1', ...format, range, '--', toLiteral(path)]);
      const [commit = '', author = '', subject = ''] = (logged ?? '').replace(/\n$/, '').split('\0');
      return { path, commit, author, subject };
    }),
  );
}

interface LocalCommit {
  readonly id: string;
  readonly parent: string;
}

/** The commits, oldest first; undefined: one of them is a merge. */
async function listLinear(git: Git, base: string, head: string): Promise<LocalCommit[] | undefined> {
  const listed = await git.read(['rev-list', '--reverse', '--topo-order', '--parents', `${base}..${head}`]);
  const commits = listed
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '));
  const isChain = commits.every((ids, i) => ids.length === 2 && ids[1] === (i === 0 ? base : commits[i - 1]?.[0]));
  return isChain ? commits.map(([id = '', parent = '']) => ({ id, parent })) : undefined;
}

/** Whether both sides have the same path, or one has a file where the other has a folder. */
function isTouching(ours: readonly string[], theirs: readonly string[]): boolean {
  const isIn = (paths: readonly string[], others: readonly string[]) => {
    const all = new Set(others);
    return paths.some((path) => path.split('/').some((_, i, parts) => all.has(parts.slice(0, i + 1).join('/'))));
  };
  return isIn(ours, theirs) || isIn(theirs, ours);
}

/** Makes a commit with the same author, message and change on top of another one. */
async function copy(
  git: Git,
  { id, parent }: LocalCommit,
  { onto, folder, isSigned }: { readonly onto: string; readonly folder: string; readonly isSigned: boolean },
): Promise<string> {
  const options: RunOptions = { variables: { GIT_INDEX_FILE: join(folder, 'index') } };
  const own = ['-c', 'core.splitIndex=false', '-c', 'index.sparse=false'];
  await git.read([...own, 'read-tree', onto], options);
  const { output } = await git.run(['diff-tree', '-r', '-z', '--no-renames', parent, id]);
  await git.read([...own, 'update-index', '-z', '--index-info'], { ...options, input: toIndexInfo(output) });
  // Objects that a partial clone is missing belong to commits that it has.
  const tree = (await git.read([...own, 'write-tree', '--missing-ok'], options)).trim();
  const { author, encoding, message } = toCommitParts((await git.run(['cat-file', 'commit', id])).output);
  const words = ['-c', `i18n.commitEncoding=${encoding}`, 'commit-tree', tree, '-p', onto, ...(isSigned ? ['-S'] : [])];
  return (await git.read(words, { input: message, variables: author })).trim();
}

/** Lines of a raw diff (git-diff-tree(1)) → lines of git-update-index(1), "--index-info". In bytes: names may be no UTF-8. */
function toIndexInfo(diff: Buffer): Buffer {
  const parts = diff.toString('latin1').split('\0').slice(0, -1);
  const lines = parts.flatMap((line, i) => {
    if (i % 2 === 1) return [];
    const [, mode = '', , blob = ''] = line.split(' ');
    return [`${mode} ${blob}\t${parts[i + 1]}\0`];
  });
  return Buffer.from(lines.join(''), 'latin1');
}

interface CommitParts {
  readonly author: Readonly<Record<string, string>>;
  readonly encoding: string;
  readonly message: Buffer;
}

/** @throws Fault when the author cannot be passed to git. */
function toCommitParts(commit: Buffer): CommitParts {
  const end = commit.indexOf('\n\n');
  const bytes = commit.subarray(0, end);
  const header = bytes.toString('utf8');
  if (!Buffer.from(header, 'utf8').equals(bytes))
    throw new Fault('environment', safe`the author of a commit is not written in UTF-8`, safe`rebase it with git`);
  const [, author = ''] = /^author (.*)$/m.exec(header) ?? [];
  const [begin, close] = [author.indexOf(' <'), author.lastIndexOf('> ')];
  const [, encoding = 'UTF-8'] = /^encoding (.+)$/m.exec(header) ?? [];
  return {
    author: {
      GIT_AUTHOR_NAME: author.slice(0, begin),
      GIT_AUTHOR_EMAIL: author.slice(begin + 2, close),
      GIT_AUTHOR_DATE: `@${author.slice(close + 2)}`,
    },
    encoding,
    message: commit.subarray(end + 2),
  };
}
