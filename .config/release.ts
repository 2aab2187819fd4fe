/**
 * `npm run release`: the changesets that wait become a version: its commit, tag, package and executables. Everything is made
 * in a work tree of its own first; only what is whole comes to the branch, so a failure leaves it as it was.
 * Nothing is pushed or published.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withoutBumpHeadings } from './changelog.ts';
import { findHelm, renderInstallFile } from './install-file.ts';
import { packPublished } from './published.ts';
import { writeSumFile } from './sum-file.ts';
import { findVersions, mayNameVersion, withVersion } from './version-places.ts';

const root = join(import.meta.dirname, '..');

/** Why a release cannot be made; shown without a stack. */
class Refusal extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

interface Release {
  readonly version: string;
  /** Not on any branch yet. */
  readonly commit: string;
  /** The new part of CHANGELOG.md. */
  readonly entry: string;
  /** Which files the commit changes, and how much. */
  readonly changes: string;
  readonly tarball: string;
}

// Ctrl-C ends the program that runs below, and with it this one, but not before it has tidied up.
process.on('SIGINT', () => undefined);
try {
  release();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  process.stderr.write(`release: ${error.message}\n    ${error.hint}\n`);
  process.exitCode = 1;
}

function release(): void {
  const { to, isDryRun } = readFlags();
  const branch = assertReady();
  assertVersionsAgree();
  const helm = findHelm();
  if (helm === undefined)
    throw new Refusal('there is no helm, which renders install.yaml', 'build it: npm run stack:build -- helm');
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-release-'));
  const tree = join(folder, 'tree');
  try {
    git('worktree', 'add', '--quiet', '--detach', tree, 'HEAD');
    const made = make(tree, folder);
    const files = join(folder, 'files');
    writeFileSync(join(files, 'install.yaml'), renderInstallFile(helm, tree));
    if (isDryRun) say(`Would release model-mirror ${made.version}:\n\n${made.entry}\n\n${made.changes}\n`);
    else {
      run(tree, process.execPath, ['.config/executables.ts', '--to', files]);
      publish(made, branch, files, to);
    }
  } finally {
    if (existsSync(tree)) git('worktree', 'remove', '--force', tree);
    rmSync(folder, { recursive: true, force: true });
  }
}

function readFlags(): { to: string; isDryRun: boolean } {
  try {
    const { values } = parseArgs({
      options: { to: { type: 'string', default: 'release' }, 'dry-run': { type: 'boolean', default: false } },
    });
    // npm runs scripts in the package's folder; INIT_CWD is where the person is.
    const from = values.to === 'release' ? root : (process.env['INIT_CWD'] ?? process.cwd());
    return { to: resolve(from, values.to), isDryRun: values['dry-run'] };
  } catch (error) {
    throw new Refusal((error as Error).message, 'npm run release [-- --dry-run] [-- --to FOLDER]');
  }
}

/** @returns the branch. */
function assertReady(): string {
  const branch = git('branch', '--show-current');
  if (branch === '') throw new Refusal('no branch is checked out', 'check out the branch to release from');
  const changed = git('status', '--porcelain');
  if (changed !== '') throw new Refusal(`the work tree is not clean:\n${changed}`, 'commit or stash that first');
  const pending = readdirSync(join(root, '.changeset')).filter((name) => /(?<!^README)\.md$/.test(name));
  if (pending.length === 0)
    throw new Refusal('there is nothing to release: no changeset waits', 'describe a change with: npx changeset');
  return branch;
}

/** Every place names the version of package.json, or the next version would leave some behind. */
function assertVersionsAgree(): void {
  const version = readVersion(root);
  const wrong = listFiles(root).flatMap((file) =>
    findVersions(readFileSync(join(root, file), 'utf8'))
      .filter((place) => place.version !== version)
      .map((place) => `${file}:${place.line} names ${place.version}`),
  );
  if (wrong.length > 0) throw new Refusal(`package.json says ${version}, but ${wrong.join(', ')}`, 'fix that first');
}

/** Commit and package, in a work tree of their own. */
function make(tree: string, folder: string): Release {
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  const before = readVersion(tree);
  const changelogBefore = readFileSync(join(tree, 'CHANGELOG.md'), 'utf8');
  run(
    tree,
    process.execPath,
    [fileURLToPath(import.meta.resolve('@changesets/cli/bin.js')), 'version'],
    'changeset version',
  );
  const version = readVersion(tree);
  if (version === before)
    throw new Refusal('there is nothing to release: the changesets that wait are empty', 'give one a patch or more');
  const tag = `v${version}`;
  if (git('tag', '--list', tag) !== '')
    throw new Refusal(`there is a tag ${tag} already`, 'fetch the branch that has it, or delete the tag');
  for (const file of listFiles(tree)) edit(tree, file, (text) => withVersion(text, version));
  edit(tree, 'package-lock.json', (text) => toLock(text, version));
  edit(tree, 'CHANGELOG.md', withoutBumpHeadings);
  const entry = toEntry(readFileSync(join(tree, 'CHANGELOG.md'), 'utf8'), changelogBefore);
  run(tree, 'git', ['commit', '--quiet', '--all', '--message', `Version ${version}`]);
  const changes = run(tree, 'git', ['show', '--stat', '--format=', 'HEAD']);
  run(tree, process.execPath, ['.config/build.ts']);
  const files = join(folder, 'files');
  mkdirSync(files);
  const packed = packPublished(tree, files);
  writeSumFile(join(files, packed));
  return { version, commit: run(tree, 'git', ['rev-parse', 'HEAD']), entry, changes, tarball: packed };
}

/** Files, then tag, then branch; what was done is undone when the next cannot be. */
function publish({ version, commit, tarball }: Release, branch: string, folder: string, to: string) {
  const files = readdirSync(folder).sort();
  const tag = `v${version}`;
  const present = files.filter((file) => existsSync(join(to, file)));
  if (present.length > 0) throw new Refusal(`${to} has ${present.join(', ')} already`, 'move that away');
  const undo: (() => void)[] = [];
  try {
    mkdirSync(to, { recursive: true });
    undo.push(() => {
      for (const file of files) rmSync(join(to, file), { force: true });
    });
    for (const file of files) copyFileSync(join(folder, file), join(to, file));
    git('tag', '--annotate', '--message', `model-mirror ${version}`, tag, commit);
    undo.push(() => git('tag', '--delete', tag));
    git('merge', '--quiet', '--ff-only', commit);
  } catch (error) {
    for (const step of undo.reverse()) step();
    if (error instanceof Refusal) throw error;
    throw new Refusal(`it cannot be written to ${to}: ${(error as Error).message}`, 'nothing was changed');
  }
  const shown = relative(process.cwd(), join(to, tarball));
  say(`Released model-mirror ${version} on this machine: commit ${commit.slice(0, 7)} on ${branch}, tag ${tag},
${shown}, and in the same folder install.yaml and the executables for Linux.

Next: git push --atomic origin ${branch} ${tag}
      npm publish ./${shown}
      docker build -f plugin/Dockerfile -t model-mirror:${version} .
Back: git tag --delete ${tag} && git reset --keep HEAD~1\n`);
}

function toLock(text: string, version: string): string {
  const lock = JSON.parse(text) as { version: string; packages: { '': { version: string } } };
  lock.version = version;
  lock.packages[''].version = version;
  return `${JSON.stringify(lock, null, 2)}\n`;
}

/** The part that is new: it lies between the same head and the same older versions. */
function toEntry(after: string, before: string): string {
  const older = before.slice(before.indexOf('\n## '));
  return after.slice(after.indexOf('\n## ') + 1, after.length - older.length).trim();
}

function edit(tree: string, file: string, change: (text: string) => string): void {
  const path = join(tree, file);
  const text = readFileSync(path, 'utf8');
  const changed = change(text);
  if (changed !== text) writeFileSync(path, changed);
}

function listFiles(tree: string): string[] {
  return run(tree, 'git', ['ls-files']).split('\n').filter(mayNameVersion);
}

function readVersion(tree: string): string {
  return (JSON.parse(readFileSync(join(tree, 'package.json'), 'utf8')) as { version: string }).version;
}

function git(...words: string[]): string {
  return run(root, 'git', words);
}

/** @param name as it is called when it fails. */
function run(cwd: string, program: string, words: readonly string[], name = toName(program, words)): string {
  try {
    return execFileSync(program, words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    const said = `${stdout}${stderr}`.trim();
    throw new Refusal(`${name} failed: ${said || message}`, 'nothing was changed');
  }
}

function toName(program: string, words: readonly string[]): string {
  return program === process.execPath ? `${words[0]}` : `${program} ${words[0]}`;
}

function say(text: string): void {
  process.stdout.write(text);
}
