/** The command with the user's git, in the clones that CI makes. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { git } from '../../src/demo/fakes/git.ts';
import type { Ended } from './in-process.ts';
import { personal, runInProcess } from './in-process.ts';

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

function run(directory: string, ...words: string[]): Promise<Ended> {
  return runInProcess(directory, personal, ['diff', ...words]);
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
    const { code, out, err } = await run(bare, ...words, '--exit-code');
    t.is(err, '');
    t.true(out.includes(change), out);
    t.is(code, 1);
  }
  await git(bare, ['symbolic-ref', 'HEAD', 'refs/heads/feature']);
  const { out } = await run(bare);
  t.true(out.includes(change), out);
});

test('the shallow clone of a merge, as CI makes it of a pull request', async (t) => {
  const clone = join(folder, 'merge');
  await git(folder, ['clone', '--quiet', '--depth', '2', '--branch', 'merged', `file://${origin}`, clone]);
  const { code, out } = await run(clone, 'HEAD^1', 'HEAD');
  t.true(out.includes(change), out);
  t.is(code, 0);
});

test('in a clone that is too shallow, the hint is how to get the rest', async (t) => {
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
  const { code, out, err } = await run(clone);
  t.is(out, '');
  t.regex(err, /have no common commit in this clone\n {4}the clone is shallow: run git fetch --unshallow/);
  t.is(code, 3);
  const { out: exact } = await run(clone, 'origin/main', 'HEAD');
  t.true(exact.includes(change), exact);
});

test('from a folder within the work tree, paths are shown relative to it', async (t) => {
  const clone = join(folder, 'inner');
  await git(folder, ['clone', '--quiet', '--branch', 'feature', origin, clone]);
  writeFileSync(join(clone, 'models/wisdom/policy.yaml'), policy);
  const { out } = await run(join(clone, 'models'));
  t.true(out.includes('\nwisdom/policy.yaml:4:8: risk: gate changes from Status to None'), out);
  t.true(
    out.startsWith(`origin/main (${(await git(origin, ['rev-parse', '--short', 'main~1'])).trim()}) → the work tree\n`),
    out,
  );
});

const policy = `apiVersion: model-mirror.dev/v1alpha1
kind: MirrorPolicy
metadata: {name: wisdom}
spec: {gate: None}
`;

test('outside a repository, and in one without a commit', async (t) => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  t.regex((await run(empty)).err, /^model-mirror: this is not in a git repository\n/);
  await git(empty, ['init', '--quiet', '--initial-branch', 'main']);
  const { code, err } = await run(empty);
  t.is(code, 2);
  t.regex(err, /^model-mirror: there is no commit yet\n {4}commit first\n/);
});

test('without git, and with one that is too old', async (t) => {
  const { code, err } = await runInProcess(origin, { PATH: '/nowhere' }, ['diff', 'main...feature']);
  t.is(code, 3);
  t.is(err, 'model-mirror: git is not installed, or not in PATH\n    install git 2.30 or newer\n');
  const old = join(folder, 'old');
  mkdirSync(old);
  writeFileSync(join(old, 'git'), '#!/bin/sh\necho git version 2.29.3\n', { mode: 0o755 });
  const other = await runInProcess(origin, { PATH: old }, ['diff', 'main...feature']);
  t.is(other.code, 3);
  t.is(other.err, 'model-mirror: git 2.29 is too old\n    install git 2.30 or newer\n');
});
