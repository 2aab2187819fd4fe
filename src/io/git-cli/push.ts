/**
 * Pushing a branch by `git push`. When the watcher was faster, the local commits are put onto what it wrote, once.
 *
 * Invariants: nothing is forced. Commits are rewritten only where the other side changed nothing but the watcher's
 * files, and the local commits none of those; they are made beside the work tree, and the branch moves only after they
 * are pushed, so that what is changed and staged stays as it is, and a refusal leaves all as it was.
 */
import { join, posix } from 'node:path';
import { Fault, isFault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { isOfWatcher } from '../../core/input/file-role.ts';
import { makeTemporaryFolder, removeFolder } from '../files/work-folder.ts';
import type { Destination } from './destination.ts';
import type { Ended, Git, RunOptions } from './git.ts';
import { toSaid } from './git.ts';
import { toLiteral } from './pathspec.ts';
import { fetchUpstream } from './upstream.ts';

/** A file that the other side has changed, and the last commit that did. */
export interface ForeignChange {
  readonly path: string;
  readonly commit: string;
  readonly author: string;
  readonly subject: string;
}

export type Pushed =
  | {
      readonly kind: 'pushed';
      /** Of the remote. */
      readonly branch: string;
      /** What the branch here is, where its commits were put onto the watcher's. */
      readonly rebased: { readonly commit: string; readonly isHere: boolean } | undefined;
      /** What git, hooks and the server said. */
      readonly said: SafeText | undefined;
    }
  | {
      /** The remote branch has commits that the local one has not. */
      readonly kind: 'overtaken';
      readonly branch: string;
      /** Files that are not the watcher's; empty: see `reason`. */
      readonly changes: readonly ForeignChange[];
      readonly reason: 'changed' | 'same-files' | 'not-linear' | 'rewound' | 'unrelated' | 'again' | 'not-rewritten';
      /** Why they could not be rewritten. */
      readonly said?: SafeText;
    }
  | {
      readonly kind: 'refused';
      readonly said: SafeText | undefined;
      /** Whether it was the server that does not want it, as for a protected branch. */
      readonly isRejected: boolean;
    };

const heads = 'refs/heads/';

/** Those of git when it compares, and those of a server where somebody else pushes at the same time. */
const overtaken = [
  'fetch first',
  'non-fast-forward',
  'incorrect old value provided',
  'failed to update ref',
  'failed to lock',
  'cannot lock ref',
];

/** @param branch that is checked out. @throws Fault when git cannot be run. */
export async function pushBranch(git: Git, destination: Destination, branch: string): Promise<Pushed> {
  const { words, remote, tracking } = destination;
  const [verb = '', ...rest] = words;
  const first = await push(git, [verb, '--porcelain', ...toFullNames(rest, branch)], [heads + branch, 'HEAD']);
  if (first.state !== 'overtaken')
    return first.state === 'pushed'
      ? { kind: 'pushed', branch: first.branch, rebased: undefined, said: first.said }
      : toRefused(first);
  const rebased = await rebase(git, { remote, branch: first.branch, tracking });
  if (rebased === undefined) return toRefused(first);
  if ('reason' in rebased) return { kind: 'overtaken', branch: first.branch, ...rebased };
  const { before, after } = rebased;
  const second = await push(git, [verb, '--porcelain', remote, `${after}:${heads}${first.branch}`], [after]);
  if (second.state === 'overtaken') return { kind: 'overtaken', branch: first.branch, changes: [], reason: 'again' };
  if (second.state !== 'pushed') return toRefused(second);
  const isHere = await catchUp(git, { branch, before, after });
  if (destination.isFirst) await git.ask(['branch', `--set-upstream-to=${remote}/${first.branch}`, branch]);
  return { kind: 'pushed', branch: first.branch, rebased: { commit: after, isHere }, said: second.said };
}

/** A tag may have the same name. */
function toFullNames(words: readonly string[], branch: string): string[] {
  return words.map((word, i) => (i === words.length - 1 && word === branch ? heads + branch : word));
}

interface Answer {
  readonly state: 'pushed' | 'overtaken' | 'rejected' | 'refused';
  /** Of the remote. */
  readonly branch: string;
  readonly said: SafeText | undefined;
}

/** @param sources by which git may name what is pushed (git-push(1), "--porcelain"). */
async function push(git: Git, words: readonly string[], sources: readonly string[]): Promise<Answer> {
  const ended = await git.run(words, { canLock: true });
  const rows = ended.output
    .toString('utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const row = rows.findLast(([, ref = '']) => sources.some((source) => ref.startsWith(`${source}:`)));
  const [flag = '', ref = '', summary = ''] = row ?? [];
  const target = ref.slice(ref.indexOf(':') + 1);
  const branch = target.startsWith(heads) ? target.slice(heads.length) : target;
  // A hook writes to the same output, and may push by itself: what git has failed at, it has a row for.
  const isOver = ended.code === 0 || rows.some(([first]) => first === '!');
  if (row !== undefined && flag !== '!' && isOver) return { state: 'pushed', branch, said: toAll(ended) };
  const reason = summary.slice(summary.lastIndexOf('(') + 1);
  if (flag === '!' && overtaken.some((one) => reason.startsWith(one)))
    return { state: 'overtaken', branch, said: toAll(ended) };
  const said = toAll(ended, flag === '!' ? summary : '');
  return { state: summary.startsWith('[remote rejected]') ? 'rejected' : 'refused', branch, said };
}

function toRefused({ state, said }: Answer): Pushed {
  return { kind: 'refused', said, isRejected: state === 'rejected' };
}

/** Hooks write to either. @param summary of the line for programs that says why, which git says nowhere else. */
function toAll({ complaint, output }: Ended, summary = ''): SafeText | undefined {
  const lines = output.toString('utf8').split('\n');
  const foreign = lines.filter((line) => line !== 'Done' && !line.startsWith('To ') && line.split('\t').length < 3);
  return toSaid([...foreign, complaint, summary].join('\n'), Infinity);
}

type Kept = Pick<Extract<Pushed, { kind: 'overtaken' }>, 'changes' | 'reason' | 'said'>;

type Place = Pick<Destination, 'remote' | 'branch' | 'tracking'>;

interface Rebased {
  readonly before: string;
  readonly after: string;
}

/**
 * The local commits, made again on what the remote branch is.
 *
 * @returns why they were not; undefined when the remote branch has nothing that the local one has not.
 */
async function rebase(git: Git, there: Place): Promise<Rebased | Kept | undefined> {
  try {
    return await tryRebase(git, there);
  } catch (error) {
    if (isFault(error)) return { changes: [], reason: 'not-rewritten', said: error.message };
    throw error;
  }
}

async function tryRebase(git: Git, { remote, branch, tracking }: Place): Promise<Rebased | Kept | undefined> {
  const [before, tip] = await Promise.all([readCommit(git, 'HEAD'), fetchTip(git, remote, branch)]);
  const base = (await git.ask(['merge-base', before, tip]))?.trim();
  if (base === undefined) return { changes: [], reason: 'unrelated' };
  if (base === tip) return undefined;
  // What it had once and has no more, somebody has taken away: it must not come back as a commit of here.
  const [known] = tracking;
  const fork = known && (await git.ask(['merge-base', '--fork-point', known, before]))?.trim();
  if (fork && (await git.ask(['merge-base', '--is-ancestor', fork, tip])) === undefined)
    return { changes: [], reason: 'rewound' };
  const theirs = await listChanged(git, base, tip);
  const foreign = theirs.filter((path) => !isOfWatcher(posix.basename(path)));
  if (foreign.length > 0) return { changes: await describe(git, `${base}..${tip}`, foreign), reason: 'changed' };
  const commits = await listLinear(git, base, before);
  if (commits === undefined) return { changes: [], reason: 'not-linear' };
  const ours: string[] = [];
  for (const { id, parent } of commits) ours.push(...(await listChanged(git, parent, id)));
  if (isTouching(ours, theirs)) return { changes: [], reason: 'same-files' };
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

/** Into a ref of this work tree and this process: whoever else fetches changes others. */
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

/** Who changed what; of many files, the first. */
async function describe(git: Git, range: string, paths: readonly string[]): Promise<ForeignChange[]> {
  return Promise.all(
    paths.slice(0, 3).map(async (path) => {
      const format = ['--format=%h%x00%an%x00%s', '--encoding=UTF-8'];
      const told = await git.ask(['log', '-1', ...format, range, '--', toLiteral(path)]);
      const [commit = '', author = '', subject = ''] = (told ?? '').replace(/\n$/, '').split('\0');
      return { path, commit, author, subject };
    }),
  );
}

interface LocalCommit {
  readonly id: string;
  readonly parent: string;
}

/** The oldest first; undefined where one of them is a merge. */
async function listLinear(git: Git, base: string, head: string): Promise<LocalCommit[] | undefined> {
  const listed = await git.read(['rev-list', '--reverse', '--topo-order', '--parents', `${base}..${head}`]);
  const commits = listed
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '));
  const isChain = commits.every((ids, i) => ids.length === 2 && ids[1] === (i === 0 ? base : commits[i - 1]?.[0]));
  return isChain ? commits.map(([id = '', parent = '']) => ({ id, parent })) : undefined;
}

/** Whether a path is on both sides, or one is a folder where the other has a file. */
function isTouching(ours: readonly string[], theirs: readonly string[]): boolean {
  const isIn = (paths: readonly string[], others: readonly string[]) => {
    const all = new Set(others);
    return paths.some((path) => path.split('/').some((_, i, parts) => all.has(parts.slice(0, i + 1).join('/'))));
  };
  return isIn(ours, theirs) || isIn(theirs, ours);
}

/** A commit with the same author, message and change on another one. */
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
  // Objects that a partial clone does not have are those of commits that it has.
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

/** @throws Fault when its author cannot be named to git again. */
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

/**
 * Moves the branch and the work tree to what was pushed; what is changed or staged stays (git-read-tree(1), "Two Tree
 * Merge").
 *
 * @returns false when it was left as it was: a file that differs between the two is changed here, or HEAD has moved.
 */
async function catchUp(
  git: Git,
  { branch, before, after }: { readonly branch: string; readonly before: string; readonly after: string },
): Promise<boolean> {
  const [ref, head] = await Promise.all([
    git.ask(['symbolic-ref', '--quiet', 'HEAD']),
    git.ask(['rev-parse', '--verify', '--quiet', 'HEAD']),
  ]);
  if (ref?.trimEnd() !== heads + branch || head?.trim() !== before) return false;
  const options = { canLock: true };
  // Files whose times alone have changed are no changes.
  await git.ask(['update-index', '-q', '--refresh'], options);
  if ((await git.ask(['read-tree', '-m', '-u', before, after], options)) === undefined) return false;
  if ((await git.ask(['update-ref', '-m', 'model-mirror: rebase', 'HEAD', after, before], options)) !== undefined)
    return true;
  await git.ask(['read-tree', '-m', '-u', after, before], options);
  return false;
}
