/** The upstream is compared with what git itself calls @{upstream}. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { Fault } from '../../../src/core/diagnostics/fault.ts';
import { git, gitEnvironment } from '../../../src/demo/fakes/git.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { fetchUpstream, findAheadUpstream, findUpstream, toUpstreamName } from '../../../src/io/git-cli/upstream.ts';

const never = new AbortController().signal;

/** A clone of a repository with the branches main and other. */
async function setUp(t: ExecutionContext) {
  const around = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-upstream-')));
  t.teardown(() => rmSync(around, { recursive: true, force: true }));
  const bare = join(around, 'bare.git');
  const folder = join(around, 'clone');
  await git(around, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  let count = 0;
  const commit = async (branch: string) => {
    const tree = (await git(bare, ['mktree'], { input: '' })).trim();
    const id = (await git(bare, ['commit-tree', '-m', `commit ${count++}`, tree])).trim();
    await git(bare, ['update-ref', `refs/heads/${branch}`, id]);
    return id;
  };
  await commit('main');
  await commit('other');
  await git(around, ['clone', '--quiet', bare, folder]);
  const run = async (...words: string[]) => (await git(folder, words)).trim();
  return { around, bare, folder, commit, run, own: new Git(folder, { environment: gitEnvironment() }) };
}

test('the upstream is that of git, with any name and any refspec', async (t) => {
  const { own, run } = await setUp(t);
  const check = async (branch: string) => {
    await run('switch', '--quiet', branch);
    const found = await findUpstream(own);
    t.is(found.ref, await run('rev-parse', '--symbolic-full-name', '@{upstream}'), branch);
    t.is(await run('rev-parse', toUpstreamName(found)), await run('rev-parse', '@{upstream}'), branch);
    return found;
  };
  t.deepEqual(await check('main'), { remote: 'origin', source: 'refs/heads/main', ref: 'refs/remotes/origin/main' });
  await run('branch', '--quiet', '--track', 'mine', 'origin/other');
  t.is((await check('mine')).source, 'refs/heads/other');
  await run('branch', '--quiet', '--track', 'local', 'main');
  t.deepEqual(await check('local'), { remote: '.', source: 'refs/heads/main', ref: 'refs/heads/main' });
  await run('config', 'remote.origin.fetch', '+refs/heads/*:refs/kept/*');
  await run('fetch', '--quiet', 'origin');
  t.is((await check('main')).ref, 'refs/kept/main');
  // Another branch of the same remote is kept beside it.
  t.is((await findUpstream(own, 'other')).ref, 'refs/kept/other');
});

test('without an upstream, a branch of the only remote can be named', async (t) => {
  const { own, run } = await setUp(t);
  await run('switch', '--quiet', '--no-track', '--create', 'topic');
  await t.throwsAsync(findUpstream(own), { instanceOf: Fault, code: 'usage' });
  await run('remote', 'rename', 'origin', 'company');
  t.deepEqual(await findUpstream(own, 'main'), {
    remote: 'company',
    source: 'refs/heads/main',
    ref: 'refs/remotes/company/main',
  });
  for (const name of ['*', 'a:b', '', 'a..b'])
    await t.throwsAsync(findUpstream(own, name), { instanceOf: Fault, code: 'usage' }, name);
  await run('remote', 'remove', 'company');
  await t.throwsAsync(findUpstream(own, 'main'), { instanceOf: Fault, code: 'environment' });
});

test('a fetch changes the remote-tracking branch and no other ref', async (t) => {
  const { own, run, commit } = await setUp(t);
  const refs = () => run('for-each-ref', '--format=%(refname) %(objectname)');
  const before = await refs();
  const tip = await commit('main');
  await commit('other');
  t.is(await findAheadUpstream(own, never), undefined);
  await fetchUpstream(own, await findUpstream(own), never);
  t.is(await run('rev-parse', 'origin/main'), tip);
  // HEAD is a symbolic ref to the branch.
  t.is(await refs(), before.replaceAll(/(origin\/(?:HEAD|main)) \S+/g, `$1 ${tip}`));
  t.is<string | undefined, string>(await findAheadUpstream(own, never), 'origin/main');
  const gone = { remote: 'origin', source: 'refs/heads/gone', ref: 'refs/remotes/origin/gone' };
  const fault = await t.throwsAsync<Fault>(fetchUpstream(own, gone, never), { instanceOf: Fault, code: 'environment' });
  t.regex(fault?.hint ?? '', /main, other/);
});
