/** The real command in the clones that CI makes, with no git to be found. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { git } from '../../src/demo/fakes/git.ts';

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-diff-')));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const origin = join(folder, 'origin');

test.before(async () => {
  mkdirSync(join(origin, 'models/wisdom'), { recursive: true });
  await git(origin, ['init', '--quiet', '--initial-branch', 'main']);
  await commit('v2');
  await git(origin, ['checkout', '--quiet', '-b', 'feature']);
  await commit('v3');
  await git(origin, ['checkout', '--quiet', 'main']);
  writeFileSync(join(origin, 'unrelated.txt'), 'others went on');
  await git(origin, ['add', '--all']);
  await git(origin, ['commit', '--quiet', '--message', 'others']);
  await git(origin, ['checkout', '--quiet', '-b', 'merged']);
  await git(origin, ['merge', '--quiet', '--no-ff', 'feature', '--message', 'as the host merges it']);
  await git(origin, ['checkout', '--quiet', 'main']);
});

async function commit(candidate: string): Promise<void> {
  writeFileSync(
    join(origin, 'models/wisdom/model.yaml'),
    `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: wisdom, namespace: models}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://models/v1"}
  candidate: {version: ${candidate}, storageUri: "s3://models/${candidate}"}
`,
  );
  await git(origin, ['add', '--all']);
  await git(origin, ['commit', '--quiet', '--message', candidate]);
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(directory: string, ...words: string[]): Promise<Outcome> {
  return runIn({ PATH: process.env['PATH'], GIT_CONFIG_NOSYSTEM: '1' }, directory, ...words);
}

async function runIn(env: NodeJS.ProcessEnv, directory: string, ...words: string[]): Promise<Outcome> {
  try {
    const done = await promisify(execFile)(process.execPath, [program, 'diff', ...words], {
      cwd: directory,
      env,
    });
    return { code: 0, ...done };
  } catch (error) {
    return error as Outcome;
  }
}

const change =
  'wisdom: candidate v2 → v3 (s3://models/v3); the mirror stays closed until v3 is ready, then opens at 100 %';

test('a bare clone', async (t) => {
  const bare = join(folder, 'bare.git');
  await git(folder, ['clone', '--quiet', '--bare', origin, bare]);
  for (const words of [
    ['main', 'feature'],
    ['main...feature'],
    ['main..merged'],
    ['main', 'feature', '--path', 'models'],
  ]) {
    const { code, stdout, stderr } = await run(bare, ...words, '--exit-code');
    t.is(stderr, '');
    t.true(stdout.includes(change), stdout);
    t.is(code, 1);
  }
  await git(bare, ['symbolic-ref', 'HEAD', 'refs/heads/feature']);
  const { stdout } = await run(bare);
  t.true(stdout.includes(change), stdout);
});

test('the shallow clone of a merge, as CI makes it of a pull request', async (t) => {
  const clone = join(folder, 'merge');
  await git(folder, ['clone', '--quiet', '--depth', '2', '--branch', 'merged', `file://${origin}`, clone]);
  const { code, stdout } = await run(clone, 'HEAD^1', 'HEAD');
  t.true(stdout.includes(change), stdout);
  t.is(code, 0);
});

test('a clone that is too shallow says how to get the rest', async (t) => {
  const clone = join(folder, 'shallow');
  await git(folder, [
    'clone',
    '--quiet',
    '--depth',
    '1',
    '--no-single-branch',
    '--branch',
    'feature',
    `file://${origin}`,
    clone,
  ]);
  const { code, stdout, stderr } = await run(clone);
  t.is(stdout, '');
  t.regex(stderr, /have no common commit in this clone\n {4}the clone is shallow: run git fetch --unshallow/);
  t.is(code, 3);
  const { stdout: exact } = await run(clone, 'origin/main', 'HEAD');
  t.true(exact.includes(change), exact);
});

test('a folder without a model on either side is reported', async (t) => {
  const clone = join(folder, 'elsewhere');
  await git(folder, ['clone', '--quiet', '--branch', 'feature', origin, clone]);
  const note = /^neither has a model in this folder or below: name another folder with --path$/m;
  const { code, stderr } = await run(clone, '--path', '.git/info');
  t.is(code, 0);
  t.regex(stderr, note);
  t.notRegex((await run(clone)).stderr, note);
});

test('from a folder within the work tree, with the paths as seen from there', async (t) => {
  const clone = join(folder, 'inner');
  await git(folder, ['clone', '--quiet', '--branch', 'feature', origin, clone]);
  writeFileSync(join(clone, 'models/wisdom/policy.yaml'), policy);
  const { stdout } = await run(join(clone, 'models'));
  t.true(stdout.includes('\nwisdom/policy.yaml:4:8: risk: gate changes from Status to None'), stdout);
  t.true(
    stdout.startsWith(
      `origin/main (${(await git(origin, ['rev-parse', '--short', 'main~1'])).trim()}) → the work tree\n`,
    ),
    stdout,
  );
});

const policy = `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: wisdom}
spec: {gate: None}
`;

test('outside of a repository, and in one without a commit', async (t) => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  t.regex((await run(empty)).stderr, /^model-mirror: this is not in a git repository\n/);
  await git(empty, ['init', '--quiet', '--initial-branch', 'main']);
  const { code, stderr } = await run(empty);
  t.is(code, 2);
  t.regex(stderr, /^model-mirror: there is no commit yet\n {4}commit first\n/);
});

test('without git, and with one that is too old', async (t) => {
  const { code, stderr } = await runIn({ PATH: '/nowhere' }, origin, 'main...feature');
  t.is(code, 3);
  t.is(stderr, 'model-mirror: git is not installed, or not in PATH\n    install git 2.30 or newer\n');
  const old = join(folder, 'old');
  mkdirSync(old);
  writeFileSync(join(old, 'git'), '#!/bin/sh\necho git version 2.29.3\n', { mode: 0o755 });
  const other = await runIn({ PATH: old }, origin, 'main...feature');
  t.is(other.code, 3);
  t.is(other.stderr, 'model-mirror: git 2.29 is too old\n    install git 2.30 or newer\n');
});
