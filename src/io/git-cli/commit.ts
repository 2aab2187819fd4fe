/**
 * Commits one file of the user's work tree by `git commit --only`, with hooks, signatures, clean-up and filters as they
 * are configured.
 *
 * Invariants: the commit follows HEAD and differs from it in this file alone, unless a hook adds more; it has the file
 * as a whole, whatever was changed or staged before; other changes, staged or not, stay as they are. When git or a hook
 * refuses, everything is as it was before: the file, the index, and the branch.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, isFault, toReason } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join as joinTexts, mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { CommitWish, FileChange, MadeCommit } from '../../core/ports/clone.ts';
import { replaceFile } from '../files/edited-file.ts';
import { toAllSaid, toRefused } from './ended.ts';
import type { Entry, Staged } from './file-entries.ts';
import { isSame, Probe, readChanges, readCommitted, readStaged } from './file-entries.ts';
import type { Git } from './git.ts';
import type { Head } from './head.ts';
import { heads, readBranch, readHead } from './head.ts';
import { toLiteral } from './pathspec.ts';
import { holdInterrupts } from './spawn.ts';
import { findUnfinished } from './unfinished.ts';

/** What `git add --intent-to-add` stages: nothing, by SHA-1 and by SHA-256. */
const emptyBlobs = [
  'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
  '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813',
];

const leaveToGit = safe`leave --commit out, and commit with git`;

/**
 * Has the file written, and commits it.
 *
 * @param git in the root of the work tree.
 * @param write puts the new text into the work tree; called after the checks that need no file.
 * @throws Fault when git or a hook refuses, with everything that they wrote.
 */
export async function commitFile(
  git: Git,
  change: FileChange,
  wish: CommitWish,
  write: () => void,
): Promise<MadeCommit> {
  const { path } = change;
  await assertFinished(git);
  const [head, staged, committed] = await Promise.all([
    readHead(git),
    readStaged(git, path),
    readCommitted(git, path),
    assertName(git, wish.branch),
  ]);
  if (head === undefined) throw new Fault('environment', safe`there is no commit yet to build on`, leaveToGit);
  const probe = new Probe(git, path, committed);
  const hold = holdInterrupts();
  try {
    const isProbed = change.before !== undefined && staged !== undefined && !isSame(staged, committed);
    const own = isProbed ? await probe.read() : undefined;
    write();
    const attempt = new Attempt(git, change, wish, { head, staged, committed });
    try {
      const meant = await probe.read();
      const unstaged =
        staged === undefined ||
        emptyBlobs.includes(staged.blob) ||
        [committed, own, meant].some((entry) => entry?.blob === staged.blob)
          ? undefined
          : staged.blob;
      if (isSame(meant, committed)) {
        if (!isSame(staged, meant)) await attempt.stage();
        return { id: undefined, branch: head.branch, unstaged, isChanged: false, remarks: [] };
      }
      if (head.branch === undefined && wish.branch === undefined)
        throw new Fault('environment', safe`no branch is checked out`, safe`pass --branch NAME to make one`);
      if (hold.isInterrupted()) throw toStopped();
      return { ...(await attempt.commit(meant)), unstaged };
    } catch (error) {
      throw await attempt.undo(error, hold.isInterrupted());
    }
  } finally {
    hold.release();
    probe.end();
  }
}

/** A commit in the making, which can be undone. */
class Attempt {
  readonly #git: Git;
  readonly #change: FileChange;
  readonly #wish: CommitWish;
  readonly #head: Head;
  readonly #staged: Staged | undefined;
  readonly #committed: Entry | undefined;
  #isTouched = false;
  #isBranched = false;
  /** Whether a commit was made, after which nothing is undone. */
  #isMade = false;

  constructor(
    git: Git,
    change: FileChange,
    wish: CommitWish,
    before: { readonly head: Head; readonly staged: Staged | undefined; readonly committed: Entry | undefined },
  ) {
    this.#git = git;
    this.#change = change;
    this.#wish = wish;
    this.#head = before.head;
    this.#staged = before.staged;
    this.#committed = before.committed;
  }

  /** Stages the file; unlike `git add` also if it is ignored. */
  async stage(): Promise<void> {
    const { path } = this.#change;
    this.#isTouched = true;
    const isSkipped = this.#staged?.isSkipped === true;
    if (isSkipped) await this.#update(['--no-skip-worktree', '--', path]);
    await this.#update(['--add', '--', path]);
    if (isSkipped) await this.#update(['--skip-worktree', '--', path]);
  }

  /** @param meant the file as the commit should have it, unless a hook changes it. */
  async commit(meant: Entry): Promise<Omit<MadeCommit, 'unstaged'>> {
    const { path } = this.#change;
    const { message, branch } = this.#wish;
    const remarks: SafeText[] = [];
    if (branch !== undefined) remarks.push(...(await this.#makeBranch(branch)));
    const isSkipped = this.#staged?.isSkipped === true;
    // `git commit --only` needs the file to be in the index, and not skipped.
    if (this.#staged === undefined || isSkipped) {
      this.#isTouched = true;
      await this.#update(isSkipped ? ['--no-skip-worktree', '--', path] : ['--add', '--', path]);
    }
    const ended = await this.#git.run(['commit', '--quiet', '--only', `--message=${message}`, '--', toLiteral(path)], {
      canLock: true,
    });
    const said = toAllSaid(ended);
    const head = await readHead(this.#git);
    if (head === undefined || head.commit === this.#head.commit) {
      if (ended.code !== 0) throw toRefused('the commit', ended);
      this.#isMade = true;
      throw new Fault(
        'environment',
        safe`a hook has moved HEAD back to ${mask(this.#head.commit.slice(0, 7))} after the commit${said === undefined ? '' : safe`: ${said}`}`,
        safe`see git reflog for what was committed`,
      );
    }
    const changes = await readChanges(this.#git, this.#head.commit, head.commit);
    const found = changes.has(path) ? changes.get(path) : this.#committed;
    // A hook or another process may have moved HEAD.
    if (ended.code !== 0 && isSame(found, this.#committed)) throw toRefused('the commit', ended);
    this.#isMade = true;
    if (isSkipped) await this.#git.ask(['update-index', '--skip-worktree', '--', path], { canLock: true });
    if (said !== undefined) remarks.push(safe`git commit said: ${said}`);
    const expected = branch ?? this.#head.branch;
    if (head.branch !== expected)
      remarks.push(
        head.branch === undefined
          ? safe`a hook has detached HEAD`
          : safe`a hook has checked out ${mask(head.branch)} in place of ${mask(expected ?? '')}`,
      );
    const isChanged = !isSame(found, meant);
    changes.delete(path);
    if (changes.size > 0) remarks.push(safe`a hook has added to the commit: ${toList([...changes.keys()])}`);
    if (isChanged) remarks.push(safe`a hook has changed what is committed of ${mask(path)}`);
    return { id: head.commit, branch: head.branch, isChanged, remarks };
  }

  /** Undoes what was begun, unless somebody has changed it meanwhile. @returns what to throw. */
  async undo(thrown: unknown, isInterrupted: boolean): Promise<unknown> {
    if (this.#isMade) return thrown;
    const error = isInterrupted && isFault(thrown) ? toStopped() : thrown;
    const left: SafeText[] = [];
    left.push(...this.#restoreFile());
    if (this.#isTouched && !(await this.#restoreIndex())) left.push(safe`the index could not be restored`);
    if (this.#isBranched && !(await this.#leaveBranch()))
      left.push(safe`the branch ${mask(this.#wish.branch ?? '')} stays`);
    if (!isFault(error) || left.length === 0) return error;
    return new Fault(error.code, safe`${error.message}\n${joinTexts(left, '\n')}`, error.hint, { cause: thrown });
  }

  async #makeBranch(branch: string): Promise<SafeText[]> {
    const ended = await this.#git.run(['switch', '--quiet', '--no-track', '--create', branch], { canLock: true });
    this.#isBranched = (await readBranch(this.#git)) === branch;
    if (!this.#isBranched) throw toRefused('the branch', ended, safe`name another one with --branch`);
    // A hook that fails after a checkout cannot undo it (githooks(5)).
    const said = toAllSaid(ended);
    return said === undefined ? [] : [safe`git switch said: ${said}`];
  }

  #restoreFile(): SafeText[] {
    const { path, before, after } = this.#change;
    const absolute = join(this.#git.folder, path);
    try {
      if (readFileSync(absolute, 'utf8') !== after)
        return [safe`a hook has changed ${mask(path)} meanwhile: it stays as it is`];
      if (before === undefined) rmSync(absolute);
      else if (before !== after) replaceFile(absolute, after, before);
      return [];
    } catch (error) {
      return [safe`${mask(path)} could not be restored: ${isFault(error) ? error.message : toReason(error)}`];
    }
  }

  async #restoreIndex(): Promise<boolean> {
    const { path } = this.#change;
    const words =
      this.#staged === undefined
        ? [['--force-remove', '--', path]]
        : [
            ['--cacheinfo', `${this.#staged.mode},${this.#staged.blob},${path}`],
            ...(this.#staged.isSkipped ? [['--skip-worktree', '--', path]] : []),
            ...(this.#staged.isAssumed ? [['--assume-unchanged', '--', path]] : []),
          ];
    for (const some of words)
      if ((await this.#git.ask(['update-index', ...some], { canLock: true })) === undefined) return false;
    return true;
  }

  /** Makes HEAD what it was, which is the same commit: neither the work tree nor the reflog is changed. */
  async #leaveBranch(): Promise<boolean> {
    const git = this.#git;
    const { commit, branch } = this.#head;
    const made = this.#wish.branch ?? '';
    const found = await readHead(git);
    if (found?.branch !== made || found.commit !== commit) return false;
    const back =
      branch === undefined ? ['update-ref', '--no-deref', 'HEAD', commit] : ['symbolic-ref', 'HEAD', heads + branch];
    if ((await git.ask(back)) === undefined) return false;
    const moves = (await git.ask(['reflog', '-2', '--format=%gs', '--encoding=UTF-8', 'HEAD']))?.split('\n') ?? [];
    const moved = moves.indexOf(`checkout: moving from ${branch ?? commit} to ${made}`);
    for (let i = 0; i <= moved; i++) await git.ask(['reflog', 'delete', 'HEAD@{0}']);
    return (await git.ask(['update-ref', '-d', heads + made, commit])) !== undefined;
  }

  async #update(words: readonly string[]): Promise<void> {
    const ended = await this.#git.run(['update-index', ...words], { canLock: true });
    if (ended.code !== 0) throw toRefused('the file', ended);
  }
}

async function assertFinished(git: Git): Promise<void> {
  const unfinished = await findUnfinished(git);
  if (unfinished === undefined) return;
  throw new Fault(
    'environment',
    safe`a ${unfinished.what} is not finished here (${mask(unfinished.sign)})`,
    leaveToGit,
  );
}

async function assertName(git: Git, branch: string | undefined): Promise<void> {
  if (branch === undefined) return;
  const name = await git.ask(['check-ref-format', '--branch', branch]);
  // Git accepts @ as a name here, but reads it as HEAD elsewhere.
  if (name !== `${branch}\n` || branch === '@')
    throw new Fault('usage', safe`${mask(branch)} is not a name for a branch`, safe`use letters, digits, "-" and "/"`);
}

function toStopped(): Fault {
  return new Fault('environment', safe`it was interrupted: nothing is committed`, safe`try again`);
}

function toList(paths: readonly string[]): SafeText {
  return safe`${joinTexts(paths.slice(0, 10).map(mask), ', ')}${paths.length > 10 ? ', …' : ''}`;
}
