/**
 * The bench on which clones are tried: a prepared origin, clones that shell scripts make of it, and everything that
 * can be seen of one.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Variables } from '../in-process.ts';
import { personal } from '../in-process.ts';
import type { Kind } from './kind.ts';
import { model, policy } from './kind.ts';

const fixture = join(import.meta.dirname, '../../../fixtures/edit/promote/input');

/** Whoever runs the tests: what git packs is the same each time, and nothing is tidied up behind anybody's back. */
const configuration = `[init]
	defaultBranch = main
	defaultObjectFormat = sha1
	defaultRefFormat = files
[gc]
	auto = 0
[maintenance]
	auto = false
[pack]
	threads = 1
[protocol "file"]
	allow = always
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[advice]
	detachedHead = false
	graftFileDeprecated = false
	sparseIndexExpanded = false
`;

const toPolicy = (percentage: number) =>
  `apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: wisdom}\nspec:\n  mirrorPercentage: ${percentage}\n`;

/** Shell functions that the kinds use. */
const functions = `
set -e
hook() { mkdir -p .git/hooks && script ".git/hooks/$1"; }
script() { { echo '#!/bin/sh'; cat; } >"$1" && chmod +x "$1"; }
`;

/** Somebody is in the middle of something else. */
const something = `
echo 'a: 2' >other.yaml
echo 'a: 2' >staged.yaml
git add staged.yaml
echo new >untracked.txt
echo built >ignored.txt
`;

let parent: string;
let environment: Variables;
let count = 0;

test.before(() => {
  parent = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-clones-')));
  writeFileSync(join(parent, '.gitconfig'), configuration);
  environment = {
    ...personal,
    HOME: parent,
    GIT_CONFIG_GLOBAL: join(parent, '.gitconfig'),
    GIT_AUTHOR_DATE: '1760000100 +0200',
    GIT_COMMITTER_DATE: '1760000200 +0200',
    GIT_TEMPLATE_DIR: join(parent, 'template'),
    origin: join(parent, 'origin'),
    plain: join(parent, 'plain'),
  };
  mkdirSync(join(parent, 'template/info'), { recursive: true });
  const seed = join(parent, 'seed');
  cpSync(fixture, seed, { recursive: true });
  const candidate = readFileSync(join(seed, model), 'utf8');
  const put = (path: string, text: string) => writeFileSync(join(seed, path), text);
  put(policy, toPolicy(10));
  put(model, candidate.replace(/ {2}candidate:.*\n(.*\n)+/, ''));
  put('other.yaml', 'a: 1\n');
  put('staged.yaml', 'a: 1\n');
  put('.gitignore', 'ignored.txt\n');
  put('v2', candidate);
  put('p20', toPolicy(20));
  put('p40', toPolicy(40));
  shell(
    seed,
    `${functions}
    commit() { git add --all . ':!v2' ':!p20' ':!p40'; GIT_AUTHOR_DATE=$1 GIT_COMMITTER_DATE=$1 git commit --quiet -m "$2"; }
    git init --quiet
    git symbolic-ref HEAD refs/heads/main
    commit '1750000000 +0000' 'start'
    cp v2 ${model}
    commit '1750100000 +0000' 'wisdom: try v2'
    mkdir docs
    echo 'read me' >docs/readme.md
    commit '1750200000 +0000' 'docs'
    git switch --quiet --create side
    cp p40 ${policy}
    commit '1750250000 +0000' 'side'
    git switch --quiet --create aside main
    echo 'read me first' >docs/readme.md
    commit '1750260000 +0000' 'aside'
    git switch --quiet main
    cp p20 ${policy}
    commit '1750300000 +0000' 'wisdom: mirror 20 %'
    git clone --quiet --bare . "$origin"
    git -C "$origin" repack -adq
    git clone --quiet "$origin" "$plain"`,
  );
});

test.after.always(() => rmSync(parent, { recursive: true, force: true }));

/** A script that is part of how something is prepared: it must succeed. @returns what it printed. */
export function shell(folder: string, script: string, variables: Variables = environment): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, env: variables, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${script}\nended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

/** A clone of some kind, and all that is around it. */
export interface Clone {
  /** With whatever else its kind needs. */
  readonly around: string;
  /** The work tree's root; for a bare one the repository. */
  readonly folder: string;
  /** What is typed in it runs with. */
  readonly environment: Variables;
  /** The same for git itself. */
  readonly gitEnvironment: Variables;
  readonly hasReftable: boolean;
  readonly gainsObjects: boolean;
}

/** @returns undefined where git or the file system does not know this kind, which is logged. */
export function makeClone(t: ExecutionContext, kind: Kind, { canEdit = true } = {}): Clone | undefined {
  if (kind.needs !== undefined && spawnSync('sh', ['-c', kind.needs], { cwd: parent, env: environment }).status !== 0) {
    t.log('left out: git or the file system does not know it');
    t.pass();
    return undefined;
  }
  const around = join(parent, `case-${count++}`, 'here');
  t.teardown(() => rmSync(join(around, '..'), { recursive: true, force: true }));
  mkdirSync(around, { recursive: true });
  const { make = 'cp -RpP "$plain" clone', prepare = '', finish = '', at = 'clone' } = kind;
  const folder = join(around, at);
  const own = { ...environment, around, folder };
  shell(around, `${functions}${make}\ncd "$folder"\n${prepare}\n${canEdit ? something : ''}${finish}`, own);
  const changed = kind.environment?.(around) ?? {};
  return {
    around,
    folder,
    environment: change(changed),
    gitEnvironment: change(kind.isGitOnItsOwn === true ? {} : changed),
    hasReftable: kind.hasReftable ?? false,
    gainsObjects: kind.gainsObjects ?? false,
  };
}

/** Of whoever works in the clones, with what a kind changes of it. */
function change(changed: Readonly<Record<string, string | undefined>>): Variables {
  const all = Object.entries({ ...environment, ...changed });
  return Object.fromEntries(all.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

/** Keeps a second one of the same, for `restore`. */
export function keep({ around }: Clone): void {
  const { status } = spawnSync('cp', ['-RpP', '.', '../kept'], { cwd: around, env: environment });
  if (status !== 0) throw new Error(`cp ended with ${status}`);
}

/** Puts what was kept in the place of what has become of it. */
export function restore({ around }: Clone): void {
  rmSync(around, { recursive: true });
  renameSync(join(around, '../kept'), around);
}

/** The observable state of a clone and its surroundings. */
export interface Look {
  /** By path from `around`: the mode and the content; of an index its format only. */
  readonly files: Readonly<Record<string, string>>;
  /** What git prints, by command. */
  readonly git: Readonly<Record<string, string>>;
}

/** What no file tells by itself. */
const questions = {
  index: 'git ls-files --stage -v --debug',
  status: 'git status --porcelain=v2 --branch --ignored 2>/dev/null',
};

/** Where references are not files. */
const references = { references: "git for-each-ref --format='%(refname) %(objectname) %(symref)'" };

const separator = '--- next ---';

/** What can be seen; objects do not count where looking may bring them. */
export function look({ around, folder, hasReftable, gainsObjects }: Clone): Look {
  const asked = Object.entries({ ...questions, ...(hasReftable ? references : {}) });
  const script = asked.map(([, line]) => line).join(`; echo; echo '${separator}'; `);
  const { stdout } = spawnSync('sh', ['-c', `exec 2>&1; ${script}`], {
    cwd: folder,
    env: { ...environment, GIT_OPTIONAL_LOCKS: '0' },
    encoding: 'latin1',
  });
  const answers = stdout.split(`\n${separator}\n`);
  const git = Object.fromEntries(asked.map(([name], at) => [name, toLasting(answers[at] ?? '')]));
  const files = Object.entries(readAll(around)).filter(([path]) => !gainsObjects || !isObject(path));
  return { files: Object.fromEntries(files), git };
}

/** @returns what git finds to be broken. */
export function check({ folder }: Clone): string {
  const words = ['fsck', '--strict', '--no-dangling', '--no-progress'];
  const { stdout, stderr } = spawnSync('git', words, { cwd: folder, env: environment, encoding: 'utf8' });
  return stdout + stderr;
}

/** Assumed unchanged, intended to be added, and skipped, as the index stores it (read-cache-ll.h of git). */
const storedFlags = 0x8000 | 0x20000000 | 0x40000000;

/** Without the file system's facts about each file, which no two copies share, and what git records while it runs. */
function toLasting(answer: string): string {
  return answer
    .replaceAll(/^ {2}(ctime|mtime|dev|uid): .*\n/gm, '')
    .replaceAll(
      /^ {2}size: \d+\tflags: ([0-9a-f]+)$/gm,
      (_, flags: string) => `  flags: ${(Number.parseInt(flags, 16) & storedFlags).toString(16)}`,
    );
}

/** What differs: of each thing that does, both. */
export function compare(
  one: Look,
  other: Look,
): Readonly<Record<string, readonly [string | undefined, string | undefined]>> {
  const [left, right] = [one, other].map(({ files, git }) => ({ ...files, ...git })) as [Known, Known];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  const pairs = [...names].map((name) => [name, [left[name], right[name]]] as const);
  return Object.fromEntries(pairs.filter(([, [here, there]]) => here !== there));
}

type Known = Readonly<Record<string, string>>;

/** Paths are taken for bytes, one character each. */
function readAll(around: string): Record<string, string> {
  const files: Record<string, string> = {};
  const toAbsolute = (path: string) => Buffer.concat([Buffer.from(`${around}/`), Buffer.from(path, 'latin1')]);
  const read = (at: string): void => {
    const names = readdirSync(toAbsolute(at), { encoding: 'latin1' });
    for (const name of names.sort()) {
      const path = at === '' ? name : `${at}/${name}`;
      const absolute = toAbsolute(path);
      const found = lstatSync(absolute);
      const mode = (found.mode & 0o7777).toString(8);
      if (found.isDirectory()) {
        files[`${path}/`] = mode;
        read(path);
      } else if (found.isSymbolicLink()) files[path] = `→ ${readlinkSync(absolute)}`;
      else if (isObject(path)) files[path] = mode;
      else if (/(^|\/)reftable\/[^/]+$/.test(path)) continue;
      else if (name.startsWith('sharedindex.')) files[`${at}/sharedindex`] = mode;
      else if (name === 'index' && names.includes('HEAD')) files[path] = `${mode} ${toFormat(readFileSync(absolute))}`;
      else files[path] = `${mode} ${readFileSync(absolute, 'latin1')}`;
    }
  };
  read('');
  return files;
}

/** An object, several in a pack, or a folder of them: the name says all. */
function isObject(path: string): boolean {
  return /(^|\/)objects\/[^/]+\//.test(path);
}

/** The version of an index, and which of the extensions it has that somebody asked for (gitformat-index(5)). */
function toFormat(index: Buffer): string {
  const version = index.readUInt32BE(4);
  return [version, ...['link', 'UNTR', 'FSMN', 'sdir'].filter((name) => index.includes(name))].join(' ');
}
