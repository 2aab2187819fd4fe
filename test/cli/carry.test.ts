import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'ava';
import { CarryRepository, toModelText } from '../io/carry-history.ts';
import { personal, runInProcess } from './in-process.ts';

async function start(t: { teardown: (end: () => void) => void }) {
  const repository = await CarryRepository.make();
  t.teardown(() => repository.remove());
  await repository.commit('main', new Map([['a/model.yaml', toModelText('fraud')]]), 'add fraud', 'Grace');
  const clone = await repository.clone();
  const run = (...words: string[]) => runInProcess(clone, personal, ['carry', ...words]);
  const shell = (line: string) => execFileSync('sh', ['-c', line], { cwd: clone, env: personal, encoding: 'utf8' });
  return { repository, clone, run, shell };
}

test('the deploy branch is made, and each later commit carried, as the lines say', async (t) => {
  const { repository, run, shell } = await start(t);
  const first = await repository.tip('main');
  const tried = await run('--dry-run');
  t.is(tried.out, `deploy is made from main: ${first.slice(0, 8)} "add fraud" by Grace\nNothing was made or pushed.\n`);
  t.is(await repository.tip('deploy'), '');
  const made = await run();
  const [line = ''] = /^Next: (.*)$/m.exec(made.out)?.slice(1) ?? [];
  shell(`${line} 2>&1`);
  t.deepEqual(await repository.read('deploy'), await repository.read('main'));
  t.is(
    (await run()).out,
    `deploy of origin has the newest commit of main: ${first.slice(0, 8)} "add fraud" by Grace.\n`,
  );

  await repository.commit(
    'deploy',
    new Map([
      ['a/policy.yaml', 'mine'],
      ['b.txt', 'mine'],
    ]),
    'a hotfix',
    'Linus',
  );
  await repository.commit(
    'main',
    new Map([
      ['a/policy.yaml', 'theirs'],
      ['a/model.yaml', undefined],
    ]),
    'remove it',
  );
  const second = await repository.tip('main');
  const pushed = await run('--push', '--message-suffix', '[skip ci]');
  t.is(pushed.code, 0);
  const tip = await repository.tip('deploy');
  t.is(
    pushed.out,
    `${second.slice(0, 8)} "remove it" by Ada is carried to deploy of origin:
  a/model.yaml, removed
  a/policy.yaml
Changed on deploy, and undone because main has changed them since: a/policy.yaml
Changed on deploy alone, and kept until main changes them: b.txt
Pushed ${tip.slice(0, 8)} to deploy of origin.
`,
  );
  t.is(
    await repository.git('log', '-1', '--format=%B', 'deploy'),
    `carry ${second.slice(0, 8)}: remove it [skip ci]

These files were changed on this branch, and the source branch has changed them since, so they are its own again:
  a/policy.yaml

Carried: ${second}

`,
  );
});

test('a refusal shows what the server says, and how to push by hand', async (t) => {
  const { repository, run } = await start(t);
  await repository.git('config', 'receive.denyCreates', 'true');
  const hook = join(repository.bare, 'hooks/pre-receive');
  execFileSync('sh', [
    '-c',
    `printf '#!/bin/sh\\necho protected branch >&2\\nexit 1\\n' > '${hook}'; chmod +x '${hook}'`,
  ]);
  const { code, err } = await run('--push');
  t.is(code, 3);
  t.regex(err, /it is not pushed: .*protected branch.*Next: git push origin [0-9a-f]{40}:refs\/heads\/deploy/s);
});

test('what cannot be carried is refused', async (t) => {
  const { run, clone } = await start(t);
  t.deepEqual(await run('--branch', 'main'), {
    code: 2,
    out: '',
    err: 'model-mirror: --source-branch and --branch are both "main"\n    name the branch that people push to, and the one that Argo CD deploys\n',
  });
  const missing = await run('--source-branch', 'trunk');
  t.is(missing.code, 3);
  t.regex(missing.err, /has no branch "trunk"\n {4}there is: main/);
  const outside = await runInProcess(join(clone, '../..'), personal, ['carry']);
  t.regex(outside.err, /not in a git repository/);
});
