/**
 * In every kind of clone, revisions read the same as in a plain clone of the same origin and, file by file, as git reads
 * them, and reading changes nothing. Without git, commands that need it report that in one sentence, and others work.
 */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { toGit } from '../../../src/cli/user-git.ts';
import { RevisionNames } from '../../../src/io/git-cli/revision-names.ts';
import { GitRevisions } from '../../../src/io/git-cli/revisions.ts';
import { pick } from '../../thorough.ts';
import type { Ended, Variables } from '../in-process.ts';
import { runInProcess } from '../in-process.ts';
import type { Clone } from './bench.ts';
import { compare, look, makeClone, shell } from './bench.ts';
import { bareClones, clones, lackingClones } from './clones.ts';
import { brake } from './edits.ts';
import type { Kind } from './kind.ts';
import { policy } from './kind.ts';

/** Soon after the last commit. */
const now = 1_760_000_000;

type Commands = Readonly<Record<string, readonly string[]>>;

const ofRevisions: Commands = {
  diff: ['diff', 'main~1', 'main'],
  history: ['history', 'wisdom'],
  status: ['status', '--revision', 'HEAD~1', '--output', 'json'],
  'validate of a revision': ['validate', '--revision', 'HEAD~1'],
};

const ofWorkTree: Commands = { 'diff of the work tree': ['diff'], validate: ['validate'] };

/** What each prints, with the ids of commits replaced by their subjects. */
async function run(commands: Commands, { from, environment }: Place, called: Called): Promise<Record<string, string>> {
  const toCalled = (text: string) =>
    text.replaceAll(/\b[0-9a-f]{7,64}\b/g, (word) => {
      const found = called.find(({ id }) => id.startsWith(word));
      return found === undefined ? word : `<${found.subject}>`;
    });
  const printed: Record<string, string> = {};
  for (const [name, words] of Object.entries(commands)) {
    const { code, out, err } = await runInProcess(from, environment, words, { now });
    printed[name] = toCalled(`${code}\n${out}${err}`);
  }
  return printed;
}

type Called = readonly { readonly id: string; readonly subject: string }[];

let calledAtOrigin: Called | undefined;

function listCommits({ folder, gitEnvironment }: Clone, { hasOtherIds = false }: Kind): Called {
  if (calledAtOrigin !== undefined && !hasOtherIds) return calledAtOrigin;
  const lines = shell(folder, "git log --all --format='%H %s'", gitEnvironment).trim().split('\n');
  const called = lines.map((line) => ({ id: line.split(' ', 1)[0] ?? '', subject: line.slice(line.indexOf(' ') + 1) }));
  if (!hasOtherIds) calledAtOrigin = called;
  return called;
}

type Place = Pick<Clone, 'environment'> & { readonly from: string };

function toPlace({ around, folder, environment }: Clone, { from }: Kind): Place {
  return { environment, from: from === undefined ? folder : realpathSync(join(around, from)) };
}

/** Somebody raises the percentage, and has not committed that. */
function raise({ folder }: Clone): void {
  const file = join(folder, policy);
  writeFileSync(file, readFileSync(file, 'utf8').replace('mirrorPercentage: 20', 'mirrorPercentage: 30'));
}

function makeAny(t: ExecutionContext, kind: Kind, canEdit: boolean): Clone {
  const clone = makeClone(t, kind, { canEdit });
  if (clone === undefined) throw new Error('every git knows this kind');
  return clone;
}

let plain: Promise<Readonly<Record<string, string>>> | undefined;

/** Of the plain clone. */
function readPlain(t: ExecutionContext): Promise<Readonly<Record<string, string>>> {
  const read = () => {
    const clone = makeAny(t, {}, true);
    raise(clone);
    return run({ ...ofRevisions, ...ofWorkTree }, toPlace(clone, {}), listCommits(clone, {}));
  };
  plain ??= read();
  return plain;
}

test('what there is to read', async (t) => {
  const { diff, history, status, validate, ...others } = await readPlain(t);
  t.regex(diff ?? '', /^0\nmain~1 \(<docs>\) → main \(<wisdom: mirror 20 %>\)\n(.|\n)*10 % → 20 %/);
  t.regex(history ?? '', /^0\n(.|\n)*start(.|\n)*try v2(.|\n)*mirror 20 %/);
  t.regex(status ?? '', /^0\n(.|\n)*<docs>/);
  t.regex(validate ?? '', /^0\n1 model, 1 policy: no problems\n/);
  t.regex(others['diff of the work tree'] ?? '', /→ the work tree\n(.|\n)*20 % → 30 %/);
});

for (const [name, kind] of pick(Object.entries(clones), 5))
  test.serial(`read: ${name}`, async (t) => {
    const expected = await readPlain(t);
    const clone = makeClone(t, kind);
    if (clone === undefined) return;
    raise(clone);
    const before = look(clone);
    const printed = await run({ ...ofRevisions, ...ofWorkTree }, toPlace(clone, kind), listCommits(clone, kind));
    const { history, ...others } = printed;
    const { history: wanted, ...wantedOthers } = expected;
    t.deepEqual(others, wantedOthers);
    if (kind.history === undefined) t.is(history, wanted);
    else t.regex(history ?? '', kind.history);
    await compareFiles(t, clone);
    t.deepEqual(compare(look(clone), before), {});
  });

for (const [name, kind] of pick(Object.entries(bareClones), 3))
  test.serial(`read: ${name}`, async (t) => {
    const expected = await readPlain(t);
    const clone = makeClone(t, kind, { canEdit: false });
    if (clone === undefined) return;
    const before = look(clone);
    const place = toPlace(clone, kind);
    const called = listCommits(clone, kind);
    const { history, ...others } = await run(ofRevisions, place, called);
    const wanted = Object.entries(expected).filter(([command]) => command in others);
    t.deepEqual(Object.entries(others), wanted);
    if (kind.history === undefined) t.is(history, expected['history']);
    else t.regex(history ?? '', kind.history);
    await compareFiles(t, clone);
    const whole = await run({ diff: ['diff'], validate: ['validate'], commit: brake.words }, place, called);
    t.regex(whole['diff'] ?? '', /^0\n/);
    t.regex(whole['validate'] ?? '', /^[123]\n(.|\n)*bare/);
    t.regex(whole['commit'] ?? '', /^[123]\n(.|\n)*bare/);
    t.deepEqual(compare(look(clone), before), {});
  });

/** What a clone lacks is a fault in git's words, whichever command needs it. */
for (const [name, { lacking, reached = [], ...kind }] of pick(Object.entries(lackingClones), 3))
  test.serial(`read: ${name}`, async (t) => {
    const clone = makeAny(t, kind, kind.canEdit ?? true);
    const before = look(clone);
    const { from, environment } = toPlace(clone, kind);
    for (const words of Object.values(ofRevisions).filter(([command = '']) => !reached.includes(command))) {
      const { code, out, err } = await runInProcess(from, environment, words, { now });
      t.true(code === 2 || code === 3, `${words.join(' ')}: ${out}${err}`);
      t.is(out, '');
      t.regex(err, lacking);
      t.regex(err, /^model-mirror: [^\n]+(\n {4}[^\n]+)+\n$/);
    }
    t.deepEqual(compare(look(clone), before), {});
  });

/** Each file of a revision is what git has. */
async function compareFiles(t: ExecutionContext, { folder, environment, gitEnvironment }: Clone): Promise<void> {
  const git = toGit(folder, { environment, isTerminal: () => false, workingDirectory: folder });
  using revisions = new GitRevisions(git);
  const tree = await revisions.readTree(await new RevisionNames(git).resolve('main~1'), { folder: '.', root: '.' });
  const paths = tree.files.map(({ path }) => path);
  t.is(paths.length, 3);
  const ours = tree.files.map((file) => {
    const source = tree.read(file);
    return `file\n${'code' in source ? source.code : source.text}\n`;
  });
  const asked = paths.map((path) => `'main~1:${path}'`).join(' ');
  t.is(ours.join(''), shell(folder, `printf '%s\\n' ${asked} | git cat-file --batch=file`, gitEnvironment));
}

const needingGit: Commands = {
  ...ofRevisions,
  'diff of the work tree': ['diff'],
  'status --fetch': ['status', '--fetch'],
  '--commit': brake.words,
  '--branch': ['mirror', 'wisdom', '0', '--branch', 'brake'],
};

const doingWithout: Commands = {
  validate: ['validate'],
  render: ['render', '.'],
  explain: ['explain', 'wisdom'],
  status: ['status'],
};

/** Only git could tell whether there is something to push. */
async function runWithout(folder: string, environment: Variables, words: readonly string[]): Promise<Ended> {
  const ended = await runInProcess(folder, environment, words, { now });
  return { ...ended, out: ended.out.replaceAll('push your commits if you have not yet, then ', '') };
}

const gits = {
  'no git': { script: undefined, said: /^model-mirror: git is not installed, or not in PATH\n/ },
  'an old git': { script: '#!/bin/sh\necho git version 2.29.2\n', said: /^model-mirror: git 2\.29 is too old\n/ },
  'a git that cannot run': { script: '#!/nowhere/sh\n', said: /^model-mirror: git is not installed|cannot be started/ },
};

for (const [name, { script, said }] of Object.entries(gits))
  test(`with ${name}`, async (t) => {
    const clone = makeAny(t, {}, true);
    const wanted: Record<string, Ended> = {};
    for (const [command, words] of Object.entries(doingWithout))
      wanted[command] = await runWithout(clone.folder, clone.environment, words);
    const programs = join(clone.around, 'programs');
    mkdirSync(programs);
    if (script !== undefined) writeFileSync(join(programs, 'git'), script, { mode: 0o755 });
    const before = look(clone);
    const environment = { ...clone.environment, PATH: programs };
    for (const [command, words] of Object.entries(needingGit)) {
      const { code, out, err } = await runInProcess(clone.folder, environment, words, { now });
      t.is(code, 3, command);
      t.is(out, '', command);
      t.regex(err, said, command);
      t.regex(err, /^model-mirror: [^\n]+\n {4}install git 2\.30 or newer[^\n]*\n$/, command);
    }
    for (const [command, words] of Object.entries(doingWithout))
      t.deepEqual(await runWithout(clone.folder, environment, words), wanted[command], command);
    t.deepEqual(compare(look(clone), before), {});
    t.is((await runInProcess(clone.folder, environment, ['mirror', 'wisdom', '0'])).code, 0);
    t.regex(readFileSync(join(clone.folder, policy), 'utf8'), /mirrorPercentage: 0$/m);
  });
