/** The commands that edit, most as processes: their effect on files and repositories. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isFault } from '../../src/core/diagnostics/fault.ts';
import { git } from '../../src/demo/fakes/git.ts';
import { replaceFile } from '../../src/io/files/edited-file.ts';
import { personal, runInProcess } from './in-process.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/model-mirror.cjs');
const file = 'models/wisdom/model.yaml';

function makeFolder(t: ExecutionContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-edit-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(words: readonly string[], cwd: string, environment: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, [program, ...words], {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...environment },
  });
}

/** A repository with a model that has a candidate that is ready. */
async function makeRepository(t: ExecutionContext): Promise<string> {
  const folder = makeFolder(t);
  cpSync(join(root, 'fixtures/edit/promote/input'), folder, { recursive: true });
  await git(folder, ['init', '--quiet', '--initial-branch=main']);
  await git(folder, ['config', 'user.name', 'Ada']);
  await git(folder, ['config', 'user.email', 'ada@example.com']);
  await git(folder, ['add', '--all']);
  await git(folder, ['commit', '--quiet', '--message', 'start']);
  return folder;
}

test('a rollout from the command line: each step a commit of one file', async (t) => {
  const folder = await makeRepository(t);
  const here = join(folder, 'models/wisdom');
  const steps = [
    ['mirror', 'wisdom', '20', '--here'],
    ['promote', 'wisdom'],
    ['candidate', 'set', 'wisdom', '--version', 'v3', '--storage-uri', 's3://models/wisdom-3'],
    ['discard', 'wisdom'],
  ];
  for (const [i, words] of steps.entries()) {
    const { status, stdout, stderr } = run([...words, '--commit'], i % 2 === 0 ? folder : here);
    t.is(stderr, '');
    t.is(status, 0);
    t.regex(stdout, /, and committed on main as [0-9a-f]{7}\.\nThere is no remote to push to yet\.\n/);
    t.is(await git(folder, ['status', '--porcelain']), '');
  }
  t.is(
    await git(folder, ['log', '--reverse', '--format=%an: %s', '--name-only']),
    `Tester: start

${file}
models/wisdom/status.yaml
Ada: wisdom: mirror 20 %

models/wisdom/policy.yaml
Ada: wisdom: promote v2

${file}
Ada: wisdom: try v3

${file}
Ada: wisdom: discard v3

${file}
`,
  );
  t.is(run(['validate'], folder).stdout, '1 model, 1 policy: no problems\n');
});

test('--branch leaves the branch that was checked out as it was', async (t) => {
  const folder = await makeRepository(t);
  await git(folder, ['remote', 'add', 'origin', '/nowhere']);
  const { stdout } = run(['promote', 'wisdom', '--branch', 'promote-v2'], folder);
  t.regex(stdout, /Next: git push --set-upstream origin promote-v2\nThen open a pull request\.\n/);
  t.is(
    await git(folder, ['branch', '--format=%(refname:short) %(subject)']),
    'main start\npromote-v2 wisdom: promote v2\n',
  );
  t.is((await git(folder, ['symbolic-ref', '--short', 'HEAD'])).trim(), 'promote-v2');
});

test('a commit that cannot be made changes no file', async (t) => {
  const folder = await makeRepository(t);
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(join(folder, '.git/MERGE_HEAD'), '');
  const { status, stderr, stdout } = run(['discard', 'wisdom', '--commit'], folder);
  t.is(status, 3);
  t.is(stdout, '');
  t.is(
    stderr,
    'model-mirror: a merge is not finished here (MERGE_HEAD)\n    leave --commit out, and commit with git\n',
  );
  t.is(readFileSync(path, 'utf8'), text);
  t.is(run(['discard', 'wisdom'], folder).status, 0);
});

test('a file keeps its permissions, and nothing else is left beside it', (t) => {
  const folder = makeFolder(t);
  cpSync(join(root, 'fixtures/edit/discard/input'), folder, { recursive: true });
  // The umask would take the second one's write permission for the group.
  for (const [words, mode] of [
    [['discard', 'wisdom'], 0o640],
    [['candidate', 'set', 'wisdom', '--version', 'v3', '--storage-uri', 's3://m/v3'], 0o664],
  ] as const) {
    chmodSync(join(folder, file), mode);
    t.is(run([...words], folder).status, 0);
    t.is(statSync(join(folder, file)).mode & 0o777, mode);
  }
  t.deepEqual(readdirSync(join(folder, 'models/wisdom')), ['model.yaml']);
});

test('outside of a repository the policies from the folder on count, without a warning', (t) => {
  const folder = makeFolder(t);
  cpSync(join(root, 'fixtures/edit/mirror/input'), folder, { recursive: true });
  const { status, stderr } = run(['mirror', 'wisdom', '20'], folder);
  t.is(stderr, '');
  t.is(status, 0);
});

test('from within a folder the policies of the whole repository count, or those from --root on', async (t) => {
  const folder = await makeRepository(t);
  const here = join(folder, 'models/wisdom');
  writeFileSync(
    join(folder, 'policy.yaml'),
    'apiVersion: model-mirror.dev/v1alpha1\nkind: MirrorPolicy\nmetadata: {name: all}\nspec: {mirrorPercentage: 50}\n',
  );
  const { status, stderr } = run(['mirror', 'wisdom', '20'], here);
  t.is(status, 1);
  t.regex(stderr, /^\.\.\/\.\.\/policy\.yaml:4:8: error: wisdom inherits its percentage of 50 from here/);
  t.regex(run(['mirror', 'wisdom', '20', '--root', '.'], here).stderr, /the default of 100 applies/);
});

test('a file that cannot be written is an environment fault, and stays as it was', (t) => {
  const folder = makeFolder(t);
  // No name is left for the unfinished file beside it; this holds for root too.
  const name = `${'x'.repeat(240)}.model.yaml`;
  cpSync(join(root, 'fixtures/edit/discard/input/models/wisdom/model.yaml'), join(folder, name));
  const before = readFileSync(join(folder, name), 'utf8');
  const { status, stderr } = run(['discard', 'wisdom'], folder);
  t.is(status, 3);
  t.regex(stderr, /model\.yaml cannot be written: .*\n {4}nothing was changed/);
  t.is(readFileSync(join(folder, name), 'utf8'), before);
  t.deepEqual(readdirSync(folder), [name]);
});

test('a file that another program has changed in the meantime stays as it is', (t) => {
  const folder = makeFolder(t);
  const path = join(folder, 'model.yaml');
  writeFileSync(path, 'theirs\n');
  const error = t.throws(() => replaceFile(path, 'before\n', 'after\n'));
  t.true(isFault(error));
  t.regex(error?.message ?? '', /was just changed by another program$/);
  t.is(readFileSync(path, 'utf8'), 'theirs\n');
  t.throws(() => replaceFile(path, undefined, 'after\n'));
  t.deepEqual(readdirSync(folder), ['model.yaml']);
  t.throws(() => replaceFile(join(folder, 'gone/model.yaml'), undefined, 'after\n'));
  replaceFile(path, 'theirs\n', 'after\n');
  t.is(readFileSync(path, 'utf8'), 'after\n');
});

test('every command has a --help with an example', async (t) => {
  const commandsOf = async (words: readonly string[]): Promise<string[][]> => {
    const { code, out } = await runInProcess(root, {}, [...words, '--help']);
    t.is(code, 0);
    t.regex(out, /\nExample: .+\n {2}\$ model-mirror /, words.join(' '));
    const groups = out.split('\n\n').filter((part) => /^(?!Options:)[^\n]*:\n {2}[a-z]/.test(part));
    const names = [...groups.join('\n').matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
    const found = names.filter((name) => name !== 'help').map((name) => [...words, name]);
    return [...found, ...(await Promise.all(found.map(commandsOf))).flat()];
  };
  const commands = (await commandsOf([])).map((words) => words.join(' '));
  t.true(commands.includes('candidate set') && commands.includes('watch'), commands.join(', '));
});

test('suggestions for mistyped commands, models and flags', async (t) => {
  const folder = await makeRepository(t);
  const say = async (...words: string[]) => {
    const { code, err } = await runInProcess(folder, personal, words);
    return `${code} ${/did you mean (.*)\?/i.exec(err)?.[1]}`;
  };
  t.is(await say('promot', 'wisdom'), '2 "model-mirror promote"');
  t.is(await say('candidate', 'sett', 'wisdom'), '2 "model-mirror candidate set"');
  t.is(await say('set', 'candidate', 'wisdom', '--version', 'v3'), '2 "model-mirror candidate set"');
  t.is(await say('candidate', 'wisdom', 'set'), '2 "model-mirror candidate set wisdom"');
  t.is(await say('wisdom', 'promote', '--force'), '2 "model-mirror promote wisdom"');
  t.is(await say('promote', 'wisdon'), '1 "wisdom"');
  t.is(await say('promote', 'modelmesh-serving/wisdon'), '1 "modelmesh-serving/wisdom"');
  t.is(await say('candidate', 'set', 'wisdom', '--storage-url', 's3://a'), '2 "--storage-uri"');
  t.is(await say('mirror', 'wisdom', '20', '--heer'), '2 "--here"');
});
