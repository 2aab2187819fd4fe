import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { isFault } from '../../../src/core/diagnostics/fault.ts';
import { git } from '../../../src/demo/fakes/git.ts';
import { Git } from '../../../src/io/git-cli/git.ts';
import { readBranch, readHead } from '../../../src/io/git-cli/head.ts';

test('HEAD is read on a branch, with any name, without one, and before the first commit', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-head-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const own = new Git(folder, { environment: process.env });
  t.is(await readHead(own), undefined);
  const error = await t.throwsAsync(readBranch(own));
  t.true(isFault(error));
  await git(folder, ['init', '--quiet', '--initial-branch=main']);
  t.is(await readHead(own), undefined);
  t.is(await readBranch(own), 'main');
  await git(folder, ['commit', '--quiet', '--allow-empty', '--message', 'start']);
  const commit = (await git(folder, ['rev-parse', 'HEAD'])).trim();
  t.deepEqual(await readHead(own), { commit, branch: 'main' });
  for (const branch of ['HEAD', 'refs/heads/main', 'ä', '-x']) {
    await git(folder, ['update-ref', `refs/heads/${branch}`, commit]);
    await git(folder, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`]);
    t.deepEqual(await readHead(own), { commit, branch }, branch);
    t.is(await readBranch(own), branch);
  }
  await git(folder, ['update-ref', '--no-deref', 'HEAD', commit]);
  await git(folder, ['checkout', '--quiet', '--detach', commit]);
  t.deepEqual(await readHead(own), { commit, branch: undefined });
  t.is(await readBranch(own), undefined);
});
