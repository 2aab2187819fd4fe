/** Files that are checked as a commit has them, in a work tree and where there is none. */
import test from 'ava';
import { clone, policy, toPolicy } from './clone.ts';

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
