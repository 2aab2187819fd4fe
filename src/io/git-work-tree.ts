/**
 * A commit of one file in a person's work tree.
 *
 * Invariants: the commit follows HEAD and differs from it in this file alone, whatever else is changed
 * or staged, and that stays as it is; of this file it holds the whole, as the work tree has it from then
 * on, whatever was changed or staged before (git-commit(1), `--only`); nothing is written before it is
 * known that the commit can be made; where this library could do harm (formats of git that it does not know, signatures that are
 * asked for), it is left to git itself.
 *
 * Hooks are not run. Linked work trees: gitrepository-layout(5), "commondir".
 */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommitObject, PromiseFsClient } from 'isomorphic-git';
import git from 'isomorphic-git';
import type { SafeText } from '../input/safe-text.ts';
import { mask, safe } from '../input/safe-text.ts';
import type { Environment } from './argocd-environment.ts';
import { systemClock } from './clock.ts';
import { Fault, isFault, toReason } from './fault.ts';
import type { GitFolder } from './git-folder.ts';
import { findUnfinished, openGitFolder } from './git-folder.ts';
import type { TreeEntry } from './git-objects.ts';
import { editTree, parseTree, toObjectId } from './git-objects.ts';
import type { GitSettings } from './git-settings.ts';
import { isTrue, readGitSettings } from './git-settings.ts';

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
  /** Says who commits, or where git's configuration is. */
  readonly environment: Environment;
}

export interface MadeCommit {
  /** Undefined: HEAD holds this very file already, and there was nothing to commit. */
  readonly id: string | undefined;
  /** The one that is checked out from then on; undefined when HEAD is detached, and nothing was committed. */
  readonly branch: string | undefined;
  /** The blob that was staged of this file, where neither HEAD nor the work tree held the same. */
  readonly unstaged: string | undefined;
}

interface Person {
  readonly name: string;
  readonly email: string;
}

interface Head {
  readonly commit: string;
  /** Undefined when HEAD is detached. */
  readonly branch: string | undefined;
}

const leaveToGit = safe`leave --commit out, and commit with git`;
const waitForGit = safe`wait for it, or remove the file if no git is running`;

/**
 * Has the file written, and commits it.
 *
 * @param folder the work tree's root.
 * @param write puts the new text into the work tree; called when all else is ready.
 * @throws Fault when that cannot be done.
 */
export async function commitFile(
  folder: string,
  change: FileChange,
  wish: CommitWish,
  write: () => void,
): Promise<MadeCommit> {
  const repository = openGitFolder(folder);
  const lock = join(repository.gitdir, 'index.lock');
  try {
    fs.closeSync(fs.openSync(lock, 'wx'));
  } catch (error) {
    const isTaken = (error as NodeJS.ErrnoException).code === 'EEXIST';
    throw new Fault(
      'environment',
      isTaken
        ? safe`git is at work in ${mask(folder)}: ${mask(lock)} is there`
        : safe`${mask(lock)}: ${toReason(error)}`,
      isTaken ? waitForGit : leaveToGit,
      { cause: error },
    );
  }
  try {
    return await commitLocked(repository, folder, change, wish, write);
  } catch (error) {
    if (isFault(error)) throw error;
    throw new Fault('environment', safe`the commit cannot be made: ${toLibraryReason(error)}`, leaveToGit, {
      cause: error,
    });
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

/** Without what isomorphic-git says to its own users. */
function toLibraryReason(error: unknown): SafeText {
  const { code, message, data } = error as Error & { readonly code?: string; readonly data?: { message?: string } };
  if (code === 'UnmergedPathsError') return safe`there are unresolved conflicts`;
  if (code === 'InternalError' && data?.message !== undefined) return mask(data.message);
  return 'errno' in (error as object) ? toReason(error) : mask(message);
}

async function commitLocked(
  repository: GitFolder,
  folder: string,
  change: FileChange,
  wish: CommitWish,
  write: () => void,
): Promise<MadeCommit> {
  const settings = await readGitSettings(folder, repository, wish.environment);
  await assertKnownFormats(repository, settings);
  const head = await readHead(repository);
  const author = await readPerson('AUTHOR', settings, wish.environment);
  const committer = await readPerson('COMMITTER', settings, wish.environment);
  const root = (await readObject(repository, head.commit)) as CommitObject;
  const levels = await readLevels(repository, root.tree, change.path);
  const entry = levels.at(-1)?.entry;
  const isLf = await isKeptWithLf(repository, folder, change, entry, settings);
  const blob = {
    oid: await writeBlob(repository, isLf ? toLf(change.after) : change.after),
    mode: await toMode(join(folder, change.path), entry, settings),
  };
  const unstaged = await findUnstaged(repository, folder, change, { isLf, known: [entry?.oid, blob.oid] });
  const stage = () =>
    git.updateIndex({
      fs: repository.fs,
      gitdir: repository.gitdir,
      dir: folder,
      filepath: change.path,
      oid: blob.oid,
      mode: Number.parseInt(blob.mode, 8),
      add: true,
    });
  if (blob.oid === entry?.oid && blob.mode === entry.mode) {
    write();
    await stage();
    return { id: undefined, branch: head.branch, unstaged };
  }
  if (head.branch === undefined && wish.branch === undefined)
    throw new Fault('environment', safe`no branch is checked out`, safe`pass --branch NAME to make one`);
  const branch = wish.branch ?? (head.branch as string);
  const lock = join(repository.common, `refs/heads/${branch}.lock`);
  if (fs.existsSync(lock))
    throw new Fault('environment', safe`git is at work on ${mask(branch)}: ${mask(lock)} is there`, waitForGit);
  if (wish.branch !== undefined) await makeBranch(repository, wish.branch, head.commit);
  try {
    const tree = await writeTrees(repository, levels, blob);
    const { fs: files, gitdir } = repository;
    const id = await git.commit({
      fs: files,
      gitdir,
      message: wish.message,
      author,
      committer,
      tree,
      parent: [head.commit],
      noUpdateBranch: true,
    });
    if ((await git.resolveRef({ fs: files, gitdir, ref: 'HEAD' })) !== head.commit)
      throw new Fault('environment', safe`another commit was made just now`, safe`try again`);
    write();
    await git.writeRef({ fs: files, gitdir, ref: `refs/heads/${branch}`, value: id, force: true });
    if (wish.branch !== undefined)
      await git.writeRef({
        fs: files,
        gitdir,
        ref: 'HEAD',
        value: `refs/heads/${branch}`,
        symbolic: true,
        force: true,
      });
    await stage();
    writeLogs(repository, { head, id, branch, committer, isNew: wish.branch !== undefined, message: wish.message });
    return { id, branch, unstaged };
  } catch (error) {
    if (wish.branch !== undefined) await dropBranch(repository, wish.branch, head.commit);
    throw error;
  }
}

interface Moved {
  readonly head: Head;
  readonly id: string;
  readonly branch: string;
  readonly committer: Person;
  readonly isNew: boolean;
  readonly message: string;
}

/** What `git checkout -` and `HEAD@{1}` read, where git keeps it (git-reflog(1), gitrepository-layout(5)). */
function writeLogs({ gitdir, common }: GitFolder, { head, id, branch, committer, isNew, message }: Moved): void {
  const ofHead = join(gitdir, 'logs/HEAD');
  if (!fs.existsSync(ofHead)) return;
  const ofBranch = join(common, 'logs/refs/heads', branch);
  const { name, email } = committer;
  const toLine = (from: string, to: string, what: string) =>
    `${from} ${to} ${name} <${email}> ${systemClock.date()} +0000\t${what}\n`;
  const committed = toLine(head.commit, id, `commit: ${message.split('\n')[0]}`);
  const moved = toLine(head.commit, head.commit, `checkout: moving from ${head.branch ?? head.commit} to ${branch}`);
  const made = toLine('0'.repeat(40), head.commit, 'branch: Created from HEAD');
  try {
    fs.mkdirSync(dirname(ofBranch), { recursive: true });
    fs.appendFileSync(ofBranch, (isNew ? made : '') + committed);
    fs.appendFileSync(ofHead, (isNew ? moved : '') + committed);
  } catch {
    // The commit is made, and git can do without.
  }
}

/** Formats that isomorphic-git would misread, and wishes that it cannot fulfil. */
async function assertKnownFormats({ fs: files, gitdir, common }: GitFolder, settings: GitSettings): Promise<void> {
  const config = async (path: string) => ((await settings.read(path)) ?? '').toLowerCase();
  const refuse = (message: SafeText) => {
    throw new Fault('environment', message, leaveToGit);
  };
  const unfinished = findUnfinished(gitdir);
  if (unfinished !== undefined) refuse(safe`a merge or rebase is not finished here (${mask(unfinished.file)})`);
  if (!['', 'sha1'].includes(await config('extensions.objectformat')))
    refuse(safe`commits in SHA-256 repositories are not supported`);
  if (!['', 'files'].includes(await config('extensions.refstorage')))
    refuse(safe`the repository does not store its branches as files`);
  const isSplit = [gitdir, common].some((folder) =>
    fs.readdirSync(folder).some((name) => name.startsWith('sharedindex.')),
  );
  if (isSplit || isTrue(await config('index.sparse'))) refuse(safe`git's index is split or sparse here`);
  if (settings.unread !== undefined)
    refuse(safe`${mask(settings.unread)} includes other files, which only git can follow`);
  if (isTrue(await config('commit.gpgsign'))) refuse(safe`commits must be signed here (commit.gpgsign)`);
  const paths = await git.listFiles({ fs: files, gitdir });
  if (paths.some((path) => path.includes('\ufffd'))) refuse(safe`there are file names that are not UTF-8`);
}

async function readHead({ fs: files, gitdir }: GitFolder): Promise<Head> {
  const branch = (await git.currentBranch({ fs: files, gitdir, fullname: false })) ?? undefined;
  let commit: string;
  try {
    commit = await git.resolveRef({ fs: files, gitdir, ref: 'HEAD' });
  } catch (error) {
    throw new Fault('environment', safe`there is no commit yet to build on`, leaveToGit, {
      cause: error,
    });
  }
  return { commit, branch };
}

async function readPerson(
  role: 'AUTHOR' | 'COMMITTER',
  settings: GitSettings,
  environment: Environment,
): Promise<Person> {
  const read = async (what: 'name' | 'email') =>
    environment[`GIT_${role}_${what.toUpperCase()}`] ||
    (await settings.read(`${role.toLowerCase()}.${what}`)) ||
    (await settings.read(`user.${what}`));
  const [name, email] = [await read('name'), await read('email')];
  if (!name || !email)
    throw new Fault(
      'environment',
      safe`git has no author identity`,
      safe`run git config user.name and git config user.email, or set GIT_AUTHOR_NAME, GIT_COMMITTER_NAME and the like`,
    );
  return { name, email };
}

async function readObject({ fs: files, gitdir }: GitFolder, oid: string): Promise<unknown> {
  return (await git.readObject({ fs: files, gitdir, oid, format: 'parsed' })).object;
}

/** A folder on the way to the file, with the tree that HEAD has there. */
interface Level {
  /** Of the next folder, or of the file; a character a byte. */
  readonly name: string;
  readonly raw: Buffer;
  readonly entry: TreeEntry | undefined;
}

async function readLevels({ fs: files, gitdir }: GitFolder, root: string, path: string): Promise<Level[]> {
  const levels: Level[] = [];
  let oid: string | undefined = root;
  for (const part of path.split('/')) {
    const raw: Buffer =
      oid === undefined
        ? Buffer.alloc(0)
        : Buffer.from((await git.readObject({ fs: files, gitdir, oid, format: 'content' })).object as Uint8Array);
    const name = Buffer.from(part, 'utf8').toString('latin1');
    const entry = parseTree(raw).find((known) => known.name === name);
    if (entry?.mode === '160000')
      throw new Fault(
        'environment',
        safe`${mask(path)} is in the submodule ${mask(part)}`,
        safe`run this in the submodule`,
      );
    const isLast = levels.length === path.split('/').length - 1;
    if (entry !== undefined && (entry.mode === '40000') === isLast)
      throw new Fault(
        'environment',
        safe`${mask(part)} is a ${isLast ? 'folder' : 'file'} in HEAD, and a ${isLast ? 'file' : 'folder'} here`,
        leaveToGit,
      );
    levels.push({ name, raw, entry });
    oid = entry?.oid;
  }
  return levels;
}

/**
 * Whether git would take CRLF for LF: where the work tree has CRLF, HEAD does not, and either that is the only
 * difference or git is configured so (gitattributes(5), "End-of-line conversion").
 */
async function isKeptWithLf(
  { fs: files, gitdir, common }: GitFolder,
  folder: string,
  { path, before, after }: FileChange,
  entry: TreeEntry | undefined,
  settings: GitSettings,
): Promise<boolean> {
  if (!after.includes('\r\n')) return false;
  if (entry !== undefined) {
    const { blob } = await git.readBlob({ fs: files, gitdir, oid: entry.oid });
    const committed = Buffer.from(blob).toString('utf8');
    if (committed.includes('\r\n')) return false;
    if (before !== undefined && committed === toLf(before)) return true;
  }
  const parts = path.split('/').slice(0, -1);
  const attributes = [
    join(common, 'info/attributes'),
    ...[...parts, ''].map((_, i) => join(folder, ...parts.slice(0, i), '.gitattributes')),
  ];
  return (
    /^(true|yes|on|1|input)$/i.test((await settings.read('core.autocrlf')) ?? '') ||
    attributes.some(
      (file) => fs.existsSync(file) && /\s(text(=auto)?|eol=\w+)(\s|$)/m.test(fs.readFileSync(file, 'utf8')),
    )
  );
}

function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

function writeBlob({ fs: files, gitdir }: GitFolder, text: string): Promise<string> {
  return git.writeBlob({ fs: files, gitdir, blob: Buffer.from(text, 'utf8') });
}

/** As the work tree has it, where git trusts the work tree in this (git-config(1), `core.fileMode`). */
async function toMode(absolute: string, entry: TreeEntry | undefined, settings: GitSettings): Promise<string> {
  const known = /^100(644|755)$/.test(entry?.mode ?? '') ? (entry?.mode as string) : '100644';
  if (/^(false|no|off|0)$/i.test((await settings.read('core.filemode')) ?? '')) return known;
  const found = fs.statSync(absolute, { throwIfNoEntry: false });
  if (found === undefined) return known;
  return (found.mode & fs.constants.S_IXUSR) === 0 ? '100644' : '100755';
}

/** What is staged, and would be in nobody's hands any more. */
async function findUnstaged(
  repository: GitFolder,
  folder: string,
  { path, before }: FileChange,
  { isLf, known }: { readonly isLf: boolean; readonly known: readonly (string | undefined)[] },
): Promise<string | undefined> {
  const staged = await readStaged(repository.fs, repository.gitdir, folder, path);
  if (staged === undefined || known.includes(staged)) return undefined;
  const own = before === undefined ? undefined : toObjectId('blob', Buffer.from(isLf ? toLf(before) : before, 'utf8'));
  return staged === own ? undefined : staged;
}

async function readStaged(
  files: PromiseFsClient,
  gitdir: string,
  folder: string,
  path: string,
): Promise<string | undefined> {
  const found: string[] = [];
  await git.walk({
    fs: files,
    gitdir,
    dir: folder,
    trees: [git.STAGE()],
    map: async (at, [entry]) => {
      if (at === path && entry !== null) found.push((await entry?.oid()) ?? '');
      return at === '.' || path.startsWith(`${at}/`) ? at : null;
    },
  });
  return found[0];
}

async function makeBranch({ fs: files, gitdir }: GitFolder, branch: string, commit: string): Promise<void> {
  const refuse = (message: SafeText, hint: SafeText, cause?: unknown) => {
    throw new Fault('usage', message, hint, { cause });
  };
  const toBadName = (cause?: unknown) =>
    refuse(safe`${mask(branch)} is not a name for a branch`, safe`use letters, digits, "-" and "/"`, cause);
  // The library takes both, and git neither (git-branch(1)).
  if (branch === 'HEAD' || branch.startsWith('-')) toBadName();
  const others = await git.listBranches({ fs: files, gitdir });
  if (others.includes(branch)) refuse(safe`there is a branch ${mask(branch)} already`, safe`name a new one`);
  // Branches are files and folders, also those that are packed at the moment.
  const inTheWay = others.find((other) => other.startsWith(`${branch}/`) || branch.startsWith(`${other}/`));
  if (inTheWay !== undefined)
    refuse(
      safe`there is a branch ${mask(inTheWay)}, beside which none can be called ${mask(branch)}`,
      safe`name another one`,
    );
  try {
    await git.branch({ fs: files, gitdir, ref: branch, object: commit });
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'InvalidRefNameError') toBadName(error);
    throw error;
  }
}

/** Only while it is still what it was made as. */
async function dropBranch({ fs: files, gitdir }: GitFolder, branch: string, commit: string): Promise<void> {
  const ref = `refs/heads/${branch}`;
  if ((await git.resolveRef({ fs: files, gitdir, ref })) === commit) await git.deleteRef({ fs: files, gitdir, ref });
}

async function writeTrees(
  { fs: files, gitdir }: GitFolder,
  levels: readonly Level[],
  blob: { readonly oid: string; readonly mode: string },
): Promise<string> {
  let { oid, mode } = blob;
  for (const { name, raw } of levels.toReversed()) {
    const object = editTree(raw, new Map([[name, { mode, oid }]]));
    oid = await git.writeObject({ fs: files, gitdir, type: 'tree', object, format: 'content' });
    mode = '40000';
  }
  return oid;
}
