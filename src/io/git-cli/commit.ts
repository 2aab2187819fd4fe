/**
 * A commit of one file in a person's work tree, by `git commit --only`: hooks, signatures, clean-up and filters are as
 * configured.
 *
 * Invariants: the commit follows HEAD and differs from it in this file alone, unless a hook adds more; of this file it
 * holds the whole, whatever was changed or staged before; what else is changed or staged stays as it is. When git or a
 * hook refuses, all is as it was before: the file, the index, and the branch.
 */
import { readFileSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { Fault, isFault, toReason } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { join as joinTexts, mask, safe } from '../../core/diagnostics/safe-text.ts';
import { replaceFile } from '../files/edited-file.ts';
import { makeTemporaryFolder, removeFolder } from '../files/work-folder.ts';
import type { Ended, Git } from './git.ts';
import { toSaid } from './git.ts';
import { toLiteral } from './pathspec.ts';
import { holdInterrupts } from './spawn.ts';
import { findUnfinished } from './unfinished.ts';

export interface FileChange {
  /** From the work tree's root, with forward slashes. */
  readonly path: string;
  /** What the file holds in the work tree; undefined: there is none. It may be other than in HEAD. */
  readonly before: string | undefined;
  readonly after: string;
}

export interface CommitWish {
  readonly message: string;
  /** A branch to make, and to be on from then on; undefined: the one that is checked out. */
  readonly branch: string | undefined;
}

export interface MadeCommit {
  /** What HEAD is from then on; undefined: it held this very file already, and there was nothing to commit. */
  readonly id: string | undefined;
  /** The one that is checked out from then on; undefined when HEAD is detached. */
  readonly branch: string | undefined;
  /** The blob that was staged of this file, where neither HEAD nor the work tree held the same. */
  readonly unstaged: string | undefined;
  /** Whether a hook made it hold something else of the file than what was written. */
  readonly isChanged: boolean;
  /** What hooks did beside it, and what git and they said though they let it pass. */
  readonly remarks: readonly SafeText[];
}

interface Head {
  readonly commit: string;
  /** Undefined when HEAD is detached. */
  readonly branch: string | undefined;
}

/** A file as an index or a commit has it. */
interface Entry {
  readonly mode: string;
  readonly blob: string;
}

interface Staged extends Entry {
  /** Somebody has told git to leave the file alone (git-update-index(1)), or it is not in a sparse checkout. */
  readonly isSkipped: boolean;
  /** Somebody has told git to take it for unchanged. */
  readonly isAssumed: boolean;
}

/** What `git add --intent-to-add` stages: nothing, by SHA-1 and by SHA-256. */
const emptyBlobs = [
  'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
  '473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813',
];

const leaveToGit = safe`leave --commit out, and commit with git`;

/**
 * Has the file written, and commits it.
 *
 * @param git in the work tree's root.
 * @param write puts the new text into the work tree; called when what can be checked before is checked.
 * @throws Fault when git or a hook refuses, with all that they say.
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
    assertIdentity(git),
    assertBranch(git, wish.branch),
  ]);
  if (head === undefined) throw new Fault('environment', safe`there is no commit yet to build on`, leaveToGit);
  const probe = new Probe(git, path, committed);
  const hold = holdInterrupts();
  try {
    const own = staged === undefined || isSame(staged, committed) ? undefined : await probe.read(change.before);
    write();
    const attempt = new Attempt(git, change, wish, { head, staged, committed });
    try {
      const meant = await probe.read(change.after);
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

/** What is written so far, and how to take it back. */
class Attempt {
  readonly #git: Git;
  readonly #change: FileChange;
  readonly #wish: CommitWish;
  readonly #head: Head;
  readonly #staged: Staged | undefined;
  readonly #committed: Entry | undefined;
  #isTouched = false;
  #isBranched = false;
  /** Whether a commit was made, after which nothing can be taken back. */
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

  /** Makes the index hold what the work tree does; unlike `git add` whether it is ignored or not. */
  async stage(): Promise<void> {
    const { path } = this.#change;
    this.#isTouched = true;
    const isSkipped = this.#staged?.isSkipped === true;
    if (isSkipped) await this.#update(['--no-skip-worktree', '--', path]);
    await this.#update(['--add', '--', path]);
    if (isSkipped) await this.#update(['--skip-worktree', '--', path]);
  }

  /** @param meant what the commit is to hold, unless a hook changes it. */
  async commit(meant: Entry): Promise<Omit<MadeCommit, 'unstaged'>> {
    const { path } = this.#change;
    const { message, branch } = this.#wish;
    const remarks: SafeText[] = [];
    if (branch !== undefined) remarks.push(...(await this.#makeBranch(branch)));
    const isSkipped = this.#staged?.isSkipped === true;
    // Git commits a file alone only if the index has it, and does not skip it.
    if (this.#staged === undefined || isSkipped) {
      this.#isTouched = true;
      await this.#update(isSkipped ? ['--no-skip-worktree', '--', path] : ['--add', '--', path]);
    }
    const ended = await this.#git.run(['commit', '--quiet', '--only', `--message=${message}`, '--', toLiteral(path)], {
      canLock: true,
    });
    const head = await readHead(this.#git);
    if (head === undefined || head.commit === this.#head.commit) {
      if (ended.code !== 0) throw toRefused('the commit', ended);
      this.#isMade = true;
      throw new Fault(
        'environment',
        safe`a hook has moved HEAD back to ${mask(this.#head.commit.slice(0, 7))} after the commit${toAddition(ended)}`,
        safe`see git reflog for what was committed`,
      );
    }
    const found = await readCommitted(this.#git, path, head.commit);
    // Somebody else may have moved HEAD, a hook too.
    if (ended.code !== 0 && isSame(found, this.#committed)) throw toRefused('the commit', ended);
    this.#isMade = true;
    if (isSkipped) await this.#git.ask(['update-index', '--skip-worktree', '--', path], { canLock: true });
    const said = toSaid(`${ended.complaint}\n${ended.output.toString('utf8')}`, Number.POSITIVE_INFINITY);
    if (said !== undefined) remarks.push(safe`git commit said: ${said}`);
    const expected = branch ?? this.#head.branch;
    if (head.branch !== expected)
      remarks.push(
        head.branch === undefined
          ? safe`a hook has detached HEAD`
          : safe`a hook has checked out ${mask(head.branch)} in place of ${mask(expected ?? '')}`,
      );
    const isChanged = !isSame(found, meant);
    remarks.push(...(await this.#describeOthers(head.commit)));
    if (isChanged) remarks.push(safe`a hook has changed what is committed of ${mask(path)}`);
    return { id: head.commit, branch: head.branch, isChanged, remarks };
  }

  /** What was begun is taken back, as far as nobody has changed it meanwhile. @returns what to throw. */
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
    const { code, complaint, output } = await this.#git.run(['switch', '--quiet', '--no-track', '--create', branch], {
      canLock: true,
    });
    this.#isBranched = (await readBranch(this.#git)) === branch;
    if (!this.#isBranched) throw toRefused('the branch', { code, complaint, output });
    // A hook that fails after a checkout cannot undo it (githooks(5)).
    const said = toSaid(`${complaint}\n${output.toString('utf8')}`, Number.POSITIVE_INFINITY);
    return said === undefined ? [] : [safe`git switch said: ${said}`];
  }

  async #describeOthers(commit: string): Promise<SafeText[]> {
    const words = ['diff-tree', '-r', '-z', '--no-renames', '--name-only', this.#head.commit, commit];
    const listed = (await this.#git.ask(words)) ?? '';
    const others = listed.split('\0').filter((other) => other !== '' && other !== this.#change.path);
    if (others.length === 0) return [];
    const shown = joinTexts(others.slice(0, 10).map(mask), ', ');
    return [safe`a hook has added to the commit: ${shown}${others.length > 10 ? ', …' : ''}`];
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

  /** Back to where HEAD was, which is the same commit, without a look at the work tree; nor does git remember it. */
  async #leaveBranch(): Promise<boolean> {
    const git = this.#git;
    const { commit, branch } = this.#head;
    const made = this.#wish.branch ?? '';
    const found = await readHead(git);
    if (found?.branch !== made || found.commit !== commit) return false;
    const back =
      branch === undefined
        ? ['update-ref', '--no-deref', 'HEAD', commit]
        : ['symbolic-ref', 'HEAD', `refs/heads/${branch}`];
    if ((await git.ask(back)) === undefined) return false;
    const moves = (await git.ask(['reflog', '-2', '--format=%gs', '--encoding=UTF-8', 'HEAD']))?.split('\n') ?? [];
    const moved = moves.indexOf(`checkout: moving from ${branch ?? commit} to ${made}`);
    for (let i = 0; i <= moved; i++) await git.ask(['reflog', 'delete', 'HEAD@{0}']);
    return (await git.ask(['update-ref', '-d', `refs/heads/${made}`, commit])) !== undefined;
  }

  async #update(words: readonly string[]): Promise<void> {
    const ended = await this.#git.run(['update-index', ...words], { canLock: true });
    if (ended.code !== 0) throw toRefused('the file', ended);
  }
}

/** No hook hears of an index that is nobody's, and nothing of it is stored beside it. */
const probing = [`core.hooksPath=${devNull}`, 'core.splitIndex=false', 'index.sparse=false'].flatMap((one) => [
  '-c',
  one,
]);

/** What git would commit of the file as the work tree has it, found out in an index of its own. */
class Probe {
  readonly #git: Git;
  readonly #path: string;
  readonly #committed: Entry | undefined;
  #folder: string | undefined;

  constructor(git: Git, path: string, committed: Entry | undefined) {
    this.#git = git;
    this.#path = path;
    this.#committed = committed;
  }

  /** @param text what the work tree holds now; undefined: it has no such file. @throws Fault when git cannot tell. */
  async read(text: string): Promise<Entry>;
  async read(text: string | undefined): Promise<Entry | undefined>;
  async read(text: string | undefined): Promise<Entry | undefined> {
    if (text === undefined) return undefined;
    this.#folder ??= makeTemporaryFolder('model-mirror-');
    const index = join(this.#folder, 'index');
    rmSync(index, { force: true });
    const options = { variables: { GIT_INDEX_FILE: index } };
    const known = this.#committed;
    // Whether CRLF is converted depends on what was there before (gitattributes(5), "text").
    const start = known === undefined ? [] : ['--cacheinfo', `${known.mode},${known.blob},${this.#path}`];
    const words = [...probing, 'update-index', '--add', ...start, '--', this.#path];
    const ended = await this.#git.run(words, options);
    if (ended.code !== 0) throw toRefused('the file', ended);
    const [found] = toEntries(await this.#git.read(['ls-files', '-z', '--stage'], options));
    if (found === undefined) throw toRefused('the file', ended);
    return found;
  }

  end(): void {
    if (this.#folder !== undefined) removeFolder(this.#folder);
  }
}

async function readBranch(git: Git): Promise<string | undefined> {
  const name = (await git.ask(['symbolic-ref', '--quiet', 'HEAD']))?.replace(/\n$/, '');
  return name?.startsWith('refs/heads/') === true ? name.slice('refs/heads/'.length) : undefined;
}

/** @returns undefined when there is no commit yet. */
async function readHead(git: Git): Promise<Head | undefined> {
  const [commit, branch] = await Promise.all([
    git.ask(['rev-parse', '--quiet', '--verify', 'HEAD^{commit}']),
    readBranch(git),
  ]);
  return commit === undefined ? undefined : { commit: commit.trim(), branch };
}

/** `mode blob stage<TAB>path`, each ended by NUL; with `-v` a letter is before it (git-ls-files(1)). */
function toEntries(listed: string): (Staged & { readonly stage: string })[] {
  return listed
    .split('\0')
    .slice(0, -1)
    .map((line) => {
      const words = line.slice(0, line.indexOf('\t')).split(' ');
      const [stage = '', blob = '', mode = '', letter = ''] = words.toReversed();
      return { stage, blob, mode, isSkipped: letter.toUpperCase() === 'S', isAssumed: letter !== letter.toUpperCase() };
    });
}

async function readStaged(git: Git, path: string): Promise<Staged | undefined> {
  const listed = await git.read(['ls-files', '-z', '-v', '--stage', '--', toLiteral(path)]);
  const [found, ...others] = toEntries(listed);
  if (others.length > 0 || (found !== undefined && found.stage !== '0'))
    throw new Fault('environment', safe`there are unresolved conflicts in ${mask(path)}`, safe`resolve them first`);
  return found;
}

/** @throws Fault when the path is in a submodule, or is a folder there. */
async function readCommitted(git: Git, path: string, commit = 'HEAD'): Promise<Entry | undefined> {
  const parts = path.split('/');
  const paths = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
  const listed = await git.ask(['ls-tree', '-z', '-t', commit, '--', ...paths.map(toLiteral)]);
  for (const line of (listed ?? '').split('\0').slice(0, -1)) {
    const [mode = '', type = '', blob = ''] = line.slice(0, line.indexOf('\t')).split(' ');
    const name = line.slice(line.indexOf('\t') + 1);
    if (type === 'commit')
      throw new Fault(
        'environment',
        safe`${mask(path)} is in the submodule ${mask(name)}`,
        safe`run this in the submodule`,
      );
    if (name === path) return { mode, blob };
  }
  return undefined;
}

async function assertIdentity(git: Git): Promise<void> {
  const found = await Promise.all(['GIT_AUTHOR_IDENT', 'GIT_COMMITTER_IDENT'].map((name) => git.run(['var', name])));
  const missing = found.find(({ code }) => code !== 0);
  if (missing === undefined) return;
  throw new Fault(
    'environment',
    safe`git has no author identity${toAddition(missing)}`,
    safe`run git config user.name and git config user.email, or set GIT_AUTHOR_NAME, GIT_COMMITTER_NAME and the like`,
  );
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

async function assertBranch(git: Git, branch: string | undefined): Promise<void> {
  if (branch === undefined) return;
  const refuse = (message: SafeText, hint: SafeText) => {
    throw new Fault('usage', message, hint);
  };
  const name = await git.ask(['check-ref-format', '--branch', branch]);
  // Git takes @ for a name here, and for HEAD elsewhere.
  if (name !== `${branch}\n` || branch === '@')
    refuse(safe`${mask(branch)} is not a name for a branch`, safe`use letters, digits, "-" and "/"`);
  const parts = branch.split('/');
  const around = parts.map((_, i) => `refs/heads/${parts.slice(0, i + 1).join('/')}`);
  const listed = await git.read(['for-each-ref', '--format=%(refname:lstrip=2)', ...around]);
  const others = listed.split('\n').slice(0, -1);
  if (others.includes(branch)) refuse(safe`there is a branch ${mask(branch)} already`, safe`name a new one`);
  const inTheWay = others.find((other) => other.startsWith(`${branch}/`) || branch.startsWith(`${other}/`));
  if (inTheWay !== undefined)
    refuse(
      safe`there is a branch ${mask(inTheWay)}, beside which none can be called ${mask(branch)}`,
      safe`name another one`,
    );
}

function isSame(one: Entry | undefined, other: Entry | undefined): boolean {
  return one?.blob === other?.blob && one?.mode === other?.mode;
}

/** What git and hooks say, all of it. */
function toAddition({ complaint, output }: Ended): SafeText {
  const said = toSaid(`${complaint}\n${output.toString('utf8')}`, Number.POSITIVE_INFINITY);
  return said === undefined ? safe`` : safe`: ${said}`;
}

function toStopped(): Fault {
  return new Fault('environment', safe`it was interrupted: nothing is committed`, safe`try again`);
}

function toRefused(what: 'the commit' | 'the branch' | 'the file', ended: Ended): Fault {
  const said = toAddition(ended);
  return new Fault(
    'environment',
    safe`git refuses ${what}${said === '' ? safe`: it ended with ${ended.code}` : said}`,
    safe`fix that, and try again`,
  );
}
