import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { toModelText, toStatus } from '../carry-history.ts';
import type { CarryScene as Scene } from './carry-scene.ts';
import { CarryScene, never, toStatusCommit } from './carry-scene.ts';

const model = toModelText('fraud');
const status = toStatus('fraud', 'observed');

function refuse({ repository }: Scene, text: string | undefined, ref = 'deploy'): void {
  const file = join(repository.bare, 'hooks/update');
  if (text === undefined) rmSync(file);
  else {
    writeFileSync(file, `#!/bin/sh\n[ "$1" = refs/heads/${ref} ] || exit 0\necho ${text} >&2\nexit 1\n`);
    chmodSync(file, 0o755);
  }
}

for (const isPlain of [false, true]) {
  const kind = isPlain ? 'a plain git server' : 'a server that leaves files out';
  test(`the deploy branch is made, and follows the source: ${kind}`, async (t) => {
    const scene = await CarryScene.start(t, isPlain);
    await scene.main({ 'a/model.yaml': model, 'a/status.yaml': status, 'README.md': 'hello' }, 'the beginning');
    const { branch, heard } = scene.watch();
    const first = await branch.fetch(never);
    t.deepEqual([...first.files.keys()].sort(), ['a/model.yaml', 'a/status.yaml']);
    t.deepEqual(heard.take(), ['created the beginning']);
    t.deepEqual(await scene.read(), await scene.read('main'));

    t.is(await branch.fetch(never), first);
    t.deepEqual(heard.take(), []);
    const pushed = await branch.push(toStatusCommit({ 'a/status.yaml': 'new' }), never);
    t.not(pushed, 'moved');

    await scene.main({ 'b/model.yaml': toModelText('spam'), 'b/status.yaml': toStatus('spam', 'made up') }, 'add spam');
    const second = await branch.fetch(never);
    t.deepEqual([...second.files.keys()].sort(), ['a/model.yaml', 'a/status.yaml', 'b/model.yaml']);
    t.is((await branch.read(new Set(second.files.values()))).get(second.files.get('a/status.yaml') ?? ''), 'new');
    t.deepEqual(heard.take(), ['carried add spam']);
    t.deepEqual(await scene.log(), ['carry: add spam', 'status: test', 'carry: the beginning', 'the beginning']);
    t.is(await scene.repository.git('fsck', '--strict', '--full', '--no-dangling'), '');

    // Another watcher finds what was carried, with status commits above it, and again after more of them.
    const other = scene.watch();
    t.is((await other.branch.fetch(never)).commit, second.commit);
    await other.branch.push(toStatusCommit({ 'a/status.yaml': 'newer' }), never);
    await scene.main({ 'a/model.yaml': undefined }, 'remove fraud');
    const third = scene.watch();
    await third.branch.fetch(never);
    t.deepEqual([other.heard.take(), third.heard.take()], [[], ['carried remove fraud']]);
    t.deepEqual(await scene.read(), { 'README.md': 'hello', 'b/model.yaml': toModelText('spam') });
  });

  test(`a push to the deploy branch is reported once, kept, and undone with a warning: ${kind}`, async (t) => {
    const scene = await CarryScene.start(t, isPlain);
    await scene.main({ 'a/model.yaml': model, 'a/policy.yaml': 'one' }, 'one');
    const { branch, heard } = scene.watch();
    await branch.fetch(never);
    await branch.push(toStatusCommit({ 'a/status.yaml': status }), never);
    heard.take();
    await scene.deploy({ 'a/policy.yaml': 'zero', 'note.txt': 'mine' });
    await scene.deploy({ 'a/status.yaml': 'by hand' }, 'again');
    await branch.fetch(never);
    await branch.fetch(never);
    t.deepEqual(heard.take(), ['edited: a/policy.yaml note.txt']);
    const fresh = scene.watch();
    await fresh.branch.fetch(never);
    t.deepEqual(fresh.heard.take(), ['edited: a/policy.yaml note.txt']);
    await branch.push(toStatusCommit({ 'a/status.yaml': status }), never);
    await scene.main({ 'b.txt': 'two' }, 'two');
    await branch.fetch(never);
    t.is((await scene.read())['a/policy.yaml'], 'zero');
    await scene.main({ 'a/policy.yaml': 'three' }, 'three');
    await branch.fetch(never);
    t.deepEqual(heard.take(), ['carried two', 'carried three, undone: a/policy.yaml']);
    t.deepEqual(await scene.read(), {
      'a/model.yaml': model,
      'a/policy.yaml': 'three',
      'a/status.yaml': status,
      'b.txt': 'two',
      'note.txt': 'mine',
    });
  });
}

test('a source that was forced elsewhere, or back, is carried again', async (t) => {
  const scene = await CarryScene.start(t);
  const one = await scene.main({ 'a.txt': 'one' }, 'one');
  const { branch, heard } = scene.watch();
  await branch.fetch(never);
  await scene.main({ 'a.txt': 'two' }, 'two');
  await branch.fetch(never);
  await scene.repository.git('update-ref', 'refs/heads/main', one);
  await branch.fetch(never);
  t.deepEqual(await scene.read(), { 'a.txt': 'one' });
  await scene.main({ 'a.txt': 'three' }, 'three');
  // What was carried last is on no branch but the deploy branch now.
  await scene.watch().branch.fetch(never);
  await branch.fetch(never);
  t.deepEqual(heard.take(), ['created one', 'carried two', 'carried one']);
  t.deepEqual(await scene.log(), ['carry: three', 'carry: one', 'carry: two', 'carry: one', 'one']);
  t.is(await scene.repository.git('fsck', '--strict', '--full', '--no-dangling'), '');
});

test('of two watchers one carries, and the other finds it done', async (t) => {
  const scene = await CarryScene.start(t);
  await scene.main({ 'a.txt': 'one' }, 'one');
  const watchers = [scene.watch(), scene.watch(), scene.watch()];
  for (const text of ['two', 'three', 'four']) {
    await Promise.all(watchers.map(({ branch }) => branch.fetch(never)));
    await scene.main({ 'a.txt': text }, text);
  }
  const tips = await Promise.all(watchers.map(async ({ branch }) => (await branch.fetch(never)).commit));
  t.deepEqual(tips, Array(3).fill(await scene.repository.tip('deploy')));
  t.deepEqual(await scene.log(), ['carry: four', 'carry: three', 'carry: two', 'carry: one', 'one']);
  t.deepEqual(
    watchers.flatMap(({ heard }) => heard.lines.filter((line) => line.startsWith('failed'))),
    [],
  );
});

test('a carry that is refused is tried later and later, and holds up no status', async (t) => {
  const scene = await CarryScene.start(t);
  await scene.main({ 'a/model.yaml': model }, 'one');
  const { branch, heard } = scene.watch();
  await branch.fetch(never);
  await scene.main({ 'a/model.yaml': toModelText('fraud', 'two') }, 'two');
  // A server that refuses merges.
  const hook = join(scene.repository.bare, 'hooks/update');
  writeFileSync(hook, '#!/bin/sh\ngit rev-parse -q --verify "$3^2" >/dev/null || exit 0\necho no merges >&2\nexit 1\n');
  chmodSync(hook, 0o755);
  heard.take();
  await branch.fetch(never);
  t.is(heard.take().length, 1);
  t.true(heard.isBehind);
  const pushed = await branch.push(toStatusCommit({ 'a/status.yaml': status }), never);
  t.not(pushed, 'moved');
  t.is((await scene.read())['a/status.yaml'], status);
  await branch.fetch(never);
  t.deepEqual(heard.take(), [], 'not before the pause is over');
  scene.now += 31_000;
  await branch.fetch(never);
  t.regex(heard.take().join('\n'), /^failed 2, refused: the git server refuses the push: .*no merges/);
  rmSync(hook);
  scene.now += 300_000;
  await branch.fetch(never);
  t.deepEqual(heard.take(), ['carried two']);
  t.false(heard.isBehind);
  t.is((await scene.read())['a/status.yaml'], status);
});

test('a deploy branch that was removed is made again, and one that cannot be made says why', async (t) => {
  const scene = await CarryScene.start(t);
  await scene.main({ 'a/model.yaml': model }, 'one');
  const { branch, heard } = scene.watch();
  await branch.fetch(never);
  await scene.repository.git('update-ref', '-d', 'refs/heads/deploy');
  refuse(scene, 'protected');
  await t.throwsAsync(branch.fetch(never), { message: /refuses the push: .*protected/ });
  refuse(scene, undefined);
  await t.throwsAsync(branch.fetch(never), { message: /refuses the push/ }, 'not before the pause is over');
  scene.now += 300_000;
  t.deepEqual([...(await branch.fetch(never)).files.keys()], ['a/model.yaml']);
  t.is(heard.lines.at(-1), 'created one');
});

test('without a source branch, the deploy branch goes on', async (t) => {
  const scene = await CarryScene.start(t);
  await scene.deploy({ 'a/model.yaml': model }, 'by hand');
  const { branch, heard } = scene.watch();
  t.deepEqual([...(await branch.fetch(never)).files.keys()], ['a/model.yaml']);
  t.not(await branch.push(toStatusCommit({ 'a/status.yaml': status }), never), 'moved');
  t.deepEqual(heard.take(), ['failed 1, no-branch: the repository has no branch main, from which to carry']);
  await scene.main({ 'a/model.yaml': model, 'b.txt': 'two' }, 'two');
  scene.now += 300_000;
  await branch.fetch(never);
  t.deepEqual(heard.take(), ['first two']);
  t.deepEqual(await scene.read(), { 'a/model.yaml': model, 'a/status.yaml': status, 'b.txt': 'two' });
});

test('a server that fails in the middle is asked again, and nothing is carried twice', async (t) => {
  const scene = await CarryScene.start(t);
  await scene.main({ 'a/model.yaml': model }, 'one');
  const { branch, heard } = scene.watch();
  await branch.fetch(never);
  for (const [i, fault] of [
    { fault: { kind: 'answer-lost' as const }, scope: { service: 'git-receive-pack' as const, times: 1 } },
    { fault: { kind: 'status' as const, status: 503 }, scope: { service: 'git-upload-pack' as const, times: 9 } },
    { fault: { kind: 'cut' as const, afterBytes: 100 }, scope: { service: 'git-upload-pack' as const, times: 1 } },
  ].entries()) {
    await scene.main({ 'a.txt': `${i}` }, `change ${i}`);
    scene.server.disturb(fault.fault, fault.scope);
    await branch.fetch(never);
    scene.server.heal();
    scene.now += 300_000;
    await branch.fetch(never);
    t.is((await scene.read())['a.txt'], `${i}`);
  }
  t.deepEqual(await scene.log(), ['carry: change 2', 'carry: change 1', 'carry: change 0', 'carry: one', 'one']);
  t.false(heard.isBehind);
});
