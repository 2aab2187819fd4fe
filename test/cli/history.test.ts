/** The command with git's own histories: merges, links, shallow and bare clones. test/commands has the rest. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { git } from '../../src/demo/fakes/git.ts';
import { personal, runInProcess } from './in-process.ts';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-history-')));
test.after.always(() => rmSync(root, { recursive: true, force: true }));

interface Event {
  readonly author: string | null;
  readonly mergedBy: string | null;
  readonly subject: string;
  readonly details: readonly { readonly code: string }[];
}

interface Shown {
  readonly code: number;
  readonly err: string;
  readonly events: readonly Event[];
  readonly candidates: readonly { readonly by: string | null; readonly version: string; readonly outcome: string }[];
  readonly shallow: boolean;
}

async function show(folder: string, ...words: string[]): Promise<Shown> {
  const { code, out, err } = await runInProcess(folder, personal, ['history', ...words, '--output', 'json']);
  const shown = out === '' ? {} : (JSON.parse(out) as object);
  return { code, err, events: [], candidates: [], shallow: false, ...shown };
}

function toModel(candidate: string | undefined, name = 'wisdom'): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: models}
spec:
  template: {metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}, spec: {predictor: {model: {modelFormat: {name: sklearn}}}}}
  primary: {version: v1, storageUri: "s3://models/v1"}
${candidate === undefined ? '' : `  candidate: {version: ${candidate}, storageUri: "s3://models/${candidate}"}\n`}`;
}

async function start(
  name: string,
): Promise<{ folder: string; commit: (message: string, ...words: string[]) => Promise<string> }> {
  const folder = join(root, name);
  mkdirSync(join(folder, 'wisdom'), { recursive: true });
  await git(folder, ['init', '--quiet', '--initial-branch', 'main']);
  const commit = async (message: string, ...words: string[]) => {
    await git(folder, ['add', '--all']);
    return git(folder, [...words, 'commit', '--quiet', '--allow-empty', '--message', message]);
  };
  writeFileSync(join(folder, 'wisdom/model.yaml'), toModel(undefined));
  await commit('v1');
  return { folder, commit };
}

test('a merge counts once, as the work of the author of what it merges, also in a bare clone', async (t) => {
  const { folder, commit } = await start('merge');
  await git(folder, ['switch', '--quiet', '--create', 'try']);
  writeFileSync(join(folder, 'wisdom/model.yaml'), toModel('v2'));
  await git(folder, ['add', '--all']);
  await git(folder, ['commit', '--quiet', '--author', 'Ada <ada@example.com>', '--message', 'half of it']);
  writeFileSync(join(folder, 'wisdom/model.yaml'), toModel('v3'));
  await git(folder, ['add', '--all']);
  await git(folder, ['commit', '--quiet', '--author', 'Ada <ada@example.com>', '--message', 'all of it']);
  await git(folder, ['switch', '--quiet', 'main']);
  await commit('others went on');
  await git(folder, ['merge', '--quiet', '--no-ff', 'try', '--message', 'Merge try']);
  const { events } = await show(folder, 'wisdom');
  t.deepEqual(
    events.map(({ author, mergedBy, subject, details }) => [author, mergedBy, subject, details[0]?.code]),
    [
      ['Tester', null, 'v1', 'model-added'],
      ['Ada', 'Tester', 'Merge try', 'candidate-declared'],
    ],
  );
  const bare = join(root, 'bare.git');
  await git(root, ['clone', '--quiet', '--bare', folder, bare]);
  t.deepEqual((await show(bare, 'wisdom')).events, events);
});

test('where a shallow clone begins, the author is unknown', async (t) => {
  const { folder, commit } = await start('deep');
  for (const candidate of ['v2', 'v3', 'v4']) {
    writeFileSync(join(folder, 'wisdom/model.yaml'), toModel(candidate));
    await commit(candidate);
  }
  const clone = join(root, 'shallow');
  await git(root, ['clone', '--quiet', '--depth', '2', `file://${folder}`, clone]);
  const { shallow, events, candidates } = await show(clone, 'wisdom');
  t.true(shallow);
  t.deepEqual(
    events.map(({ author, subject, details }) => [author, subject, details.length]),
    [
      [null, '', 3],
      ['Tester', 'v4', 2],
    ],
  );
  t.is(events[0]?.details[1]?.code, 'version-present');
  t.deepEqual(
    candidates.map(({ by, version, outcome }) => [by, version, outcome]),
    [
      [null, 'v3', 'replaced'],
      ['Tester', 'v4', 'running'],
    ],
  );
  const whole = await show(folder, 'wisdom');
  t.false(whole.shallow);
  t.true(whole.events.every(({ author }) => author === 'Tester'));
});

test('a shallow clone that begins before the model has its author', async (t) => {
  const { folder, commit } = await start('later');
  mkdirSync(join(folder, 'other'));
  writeFileSync(join(folder, 'other/model.yaml'), toModel('v2', 'other'));
  await commit('other');
  const clone = join(root, 'shallow-later');
  await git(root, ['clone', '--quiet', '--depth', '2', `file://${folder}`, clone]);
  const { events } = await show(clone, 'other');
  t.deepEqual(
    events.map(({ author, subject, details }) => [author, subject, details[0]?.code]),
    [['Tester', 'other', 'model-added']],
  );
});

test('--since takes a date, a time or a revision', async (t) => {
  const { folder, commit } = await start('since');
  for (const [i, candidate] of ['v2', 'v3', 'v4'].entries()) {
    writeFileSync(join(folder, 'wisdom/model.yaml'), toModel(candidate));
    await commit(candidate);
    if (i === 1) await git(folder, ['tag', 'here']);
  }
  const since = async (when: string) => (await show(folder, 'wisdom', '--since', when)).events.length;
  const [time] = (await show(folder, 'wisdom')).events.map((event) => (event as Event & { time: number }).time);
  const first = new Date((time ?? 0) * 1000).toISOString();
  t.is(await since(first.slice(0, 10)), 4);
  t.is(await since(`${first.slice(0, 19)}Z`), 4);
  t.is(await since(`${first.slice(0, 10)} 00:00`), 4);
  t.is(await since('2999-01-01'), 0);
  t.true((await since('here')) >= 2);
  const { code, err } = await show(folder, 'wisdom', '--since', 'nowhere');
  t.is(code, 2);
  t.regex(err, /there is no revision "nowhere"/);
});

test('a removed model is found by its former name or path, through links and merges too', async (t) => {
  const { folder, commit } = await start('left');
  const subjects = async (name: string) => (await show(folder, name)).events.map(({ subject }) => subject);
  writeFileSync(join(folder, 'wisdom/model.yaml'), toModel(undefined, 'sagacity'));
  await commit('renamed in place');
  mkdirSync(join(folder, 'linked'));
  mkdirSync(join(folder, 'base'));
  writeFileSync(join(folder, 'base/text'), toModel(undefined, 'linked'));
  symlinkSync('../base/text', join(folder, 'linked/model.yaml'));
  await commit('linked');
  writeFileSync(join(folder, 'base/text'), toModel('v2', 'linked'));
  await commit('behind the link');
  await git(folder, ['checkout', '--quiet', '-b', 'side']);
  rmSync(join(folder, 'linked/model.yaml'));
  await commit('unlinked');
  await git(folder, ['checkout', '--quiet', 'main']);
  await git(folder, ['merge', '--quiet', '--no-ff', 'side', '--message', 'merge side']);
  rmSync(join(folder, 'wisdom'), { recursive: true });
  await commit('all gone');
  t.deepEqual(await subjects('linked'), ['linked', 'behind the link', 'merge side']);
  t.deepEqual(await subjects('linked/model.yaml'), ['linked', 'behind the link', 'merge side']);
  t.deepEqual(await subjects('sagacity'), ['v1', 'renamed in place', 'all gone']);
  t.deepEqual(await subjects('wisdom/model.yaml'), ['v1', 'renamed in place', 'all gone']);
  const never = await show(folder, 'never');
  t.is(never.code, 1);
  t.regex(never.err, /\[unknown-model\]/);
});
