/** Files that are checked as a commit has them, in a work tree and where there is none. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { clone, policy, toPolicy } from './clone.ts';

const program = join(import.meta.dirname, '../../dist/model-mirror.cjs');

test('a commit is checked, whatever is in the work tree', async (t) => {
  const { git, put, run } = clone(t);
  put(policy, toPolicy(200));
  git('commit', '--quiet', '--message', 'too much', policy);
  put(policy, toPolicy(20));
  t.is((await run('validate')).code, 0);
  const { code, out } = await run('validate', '--revision', 'HEAD', '--output', 'json');
  t.is(code, 1);
  const [problem] = JSON.parse(out);
  t.is(`${problem.file}:${problem.line} ${problem.field}`, `${policy}:5 spec.mirrorPercentage`);
  t.is((await run('validate', 'models', '--revision', 'HEAD~1')).code, 0);
  t.is((await run('validate', 'nowhere', '--revision', 'HEAD')).code, 1);
  t.is((await run('validate', '--revision', 'nope')).code, 2);
});

test('a bare repository has commits to check, and no files', async (t) => {
  const { git, at } = clone(t);
  git('clone', '--quiet', '--bare', '.', '../bare.git');
  const { run } = at('../bare.git');
  for (const words of [['validate'], ['status'], ['mirror', 'wisdom', '0']]) {
    const { code, err } = await run(...words);
    t.is(code, 2);
    t.regex(err, /this is a bare repository/);
  }
  t.is((await run('validate', '--revision', 'main')).code, 0);
  t.is((await run('status', '--revision', 'main')).code, 0);
});

for (const bareRepository of ['all', 'explicit'])
  test(`a hook of a server checks what is pushed before it is accepted, with safe.bareRepository=${bareRepository}`, (t) => {
    const { folder, git, put } = clone(t);
    const hook = join(folder, '../remote/hooks/pre-receive');
    mkdirSync(dirname(hook), { recursive: true });
    // As a server's own configuration: that of the client does not reach it.
    const own = join(folder, '../server.gitconfig');
    writeFileSync(own, `[safe]\n\tbareRepository = ${bareRepository}\n`);
    const check = `GIT_CONFIG_GLOBAL='${own}' '${process.execPath}' '${program}' validate --revision "$new"`;
    writeFileSync(hook, `#!/bin/sh\nwhile read -r old new ref; do ${check} >&2 || exit 1; done\n`);
    chmodSync(hook, 0o755);
    put(policy, toPolicy(200));
    git('commit', '--quiet', '--message', 'too much', policy);
    t.throws(() => git('push', '--quiet'));
    put(policy, toPolicy(10));
    git('commit', '--quiet', '--amend', '--message', 'less', policy);
    t.notThrows(() => git('push', '--quiet'));
    t.is(git('rev-parse', 'HEAD'), git('ls-remote', 'origin', 'refs/heads/main').replace(/\t.*/, ''));
  });
