/** Where `git push` would push, for every setting that counts; the oracle is git's own dry run. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { git, gitEnvironment } from '../../../src/demo/fakes/git.ts';
import { findDestination } from '../../../src/io/git-cli/destination.ts';
import { Git } from '../../../src/io/git-cli/git.ts';

const settings = [undefined, 'simple', 'current', 'upstream', 'nothing'];
const upstreams = [undefined, 'topic', 'other'];
const pushRemotes = [undefined, 'origin', 'fork'];

/** What git reports that it would push, as `remote branch`; undefined: it refuses. */
async function tryPush(folder: string, words: readonly string[]): Promise<string | undefined> {
  const [verb = '', ...rest] = words;
  const printed = await git(folder, [verb, '--dry-run', '--porcelain', ...rest]).catch(() => undefined);
  const [, url = ''] = /^To (.*)$/m.exec(printed ?? '') ?? [];
  const [, branch = ''] = /^[*= +-]\t\S*:refs\/heads\/(\S+)\t/m.exec(printed ?? '') ?? [];
  return branch === '' ? undefined : `${url.replace(/^.*\/|\.git$/g, '')} ${branch}`;
}

test('the destination is the one that git push has', async (t) => {
  const around = realpathSync(mkdtempSync(join(tmpdir(), 'model-mirror-destination-')));
  t.teardown(() => rmSync(around, { recursive: true, force: true }));
  const folder = join(around, 'clone');
  for (const remote of ['origin', 'fork']) await git(around, ['init', '--quiet', '--bare', `${remote}.git`]);
  await git(around, ['init', '--quiet', '--initial-branch=topic', folder]);
  await git(folder, ['commit', '--quiet', '--allow-empty', '--message', 'start']);
  for (const remote of ['origin', 'fork']) {
    await git(folder, ['remote', 'add', remote, join(around, `${remote}.git`)]);
    await git(folder, ['push', '--quiet', remote, 'topic:topic', 'topic:other']);
  }
  const own = new Git(folder, { environment: gitEnvironment() });
  const set = (key: string, value: string | undefined) =>
    value === undefined
      ? git(folder, ['config', '--unset-all', key]).catch(() => '')
      : git(folder, ['config', key, value]);
  for (const upstream of upstreams)
    for (const pushRemote of pushRemotes)
      for (const setting of settings) {
        await set('push.default', setting);
        await set('branch.topic.pushRemote', pushRemote);
        await set('branch.topic.remote', upstream && 'origin');
        await set('branch.topic.merge', upstream && `refs/heads/${upstream}`);
        const title = `upstream ${upstream}, pushRemote ${pushRemote}, push.default ${setting}`;
        const found = await findDestination(own, 'topic');
        const plain = await tryPush(folder, ['push']);
        const named = `${found?.remote} ${found?.branch}`;
        // The words push to the destination, and are plain if plain git push does that.
        t.is(await tryPush(folder, found?.words ?? []), named, title);
        if (upstream === undefined) {
          t.true(found?.isFirst, title);
          continue;
        }
        t.false(found?.isFirst, title);
        t.deepEqual(found?.words.slice(1), plain === undefined ? ['origin', `HEAD:${upstream}`] : [], title);
        if (plain !== undefined) t.is(named, plain, title);
        t.is(found?.isUnclear, plain === undefined && setting !== 'nothing', title);
      }
});

test('without a remote there is no destination', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-destination-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await git(folder, ['init', '--quiet', '--initial-branch=main']);
  await git(folder, ['commit', '--quiet', '--allow-empty', '--message', 'start']);
  t.is(await findDestination(new Git(folder, { environment: gitEnvironment() }), 'main'), undefined);
});
