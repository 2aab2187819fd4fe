/** A repository that is renamed, and a branch that others move, while a watcher runs. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { statusFile } from '../watched.ts';
import type { Scene, Story } from './story.ts';
import { addFiles } from './story.ts';

export const moves: readonly Story[] = [
  { title: 'a repository that is renamed, and back', play: playRenamed },
  { title: 'a branch that is set back by force', play: playForced },
  { title: 'a person who commits in the browser while the watcher pushes', play: playPerson },
  { title: 'a watcher that is killed in the middle of a push', play: playKilled },
];

async function playRenamed(scene: Scene): Promise<void> {
  const { gitea, repository, watched, check } = scene;
  const [owner = '', name = ''] = repository.split('/');
  const moved = `${owner}/${name}-moved`;
  await watch(scene);
  await watched.recorded('Loading');
  await gitea.api('PATCH', `/repos/${repository}`, { name: `${name}-moved` });
  await watched.set('Ready');
  await watched.until('it is followed', async () =>
    (await gitea.show(moved, statusFile)).includes('digest: d2, state: Ready'),
  );
  const looks = gitea.count(moved, 'look');
  await watched.until('it looks again', () => gitea.count(moved, 'look') >= looks + 3);
  const named = watched.lines.filter(({ message }) => message.includes(gitea.pageUrl(moved)));
  check('the log names the new address, once', named.length, 1);
  check('the level', named[0]?.level, 'warn');
  await gitea.api('PATCH', `/repos/${moved}`, { name });
  await watched.set('Loading');
  await watched.recorded('Loading');
  // Gitea itself may fail for a moment while it renames.
  const lasting = watched.lines.filter((line) => line.level === 'error' && line['cause'] !== 'unavailable');
  check('nothing else is an error', lasting, []);
}

async function playForced(scene: Scene): Promise<void> {
  const { gitea, repository, watched, check, subjects } = scene;
  await watch(scene);
  await watched.set('Ready');
  await watched.recorded('Ready');
  const before = await subjects();
  await gitea.git(repository, 'update-ref', 'refs/heads/main', `main~${before.length - 1}`);
  await watched.recorded('Ready');
  check('what was taken back stays away; the state is recorded again', await subjects(), [
    'wisdom: try v2',
    'status(wisdom): candidate v2 is Ready; its mirror may open',
  ]);
}

/** So many commits of each. */
const commits = 8;

async function playPerson(scene: Scene): Promise<void> {
  const { gitea, repository, watched, check, subjects } = scene;
  await watch(scene);
  await watched.recorded('Loading');
  for (let i = 0; i < commits; i++) {
    const state = i % 2 === 0 ? 'Ready' : 'Loading';
    await watched.set(state);
    for (const note of [`${i}a`, `${i}b`]) await addFiles(gitea, repository, { [`notes/${note}.txt`]: note }, note);
    await watched.recorded(state);
  }
  const notes = (await gitea.git(repository, 'ls-tree', '--name-only', 'main', 'notes/')).trim().split('\n');
  check('all files of the person are there', notes.length, 2 * commits);
  const all = await subjects();
  check('all commits of the person are there', all.filter((subject) => /^\d[ab]$/.test(subject)).length, 2 * commits);
  check(
    'and one of the watcher for each change',
    all.filter((subject) => subject.startsWith('status(')).length,
    commits + 1,
  );
  check('the branch is whole', await gitea.git(repository, 'fsck', '--strict', '--full', '--no-dangling'), '');
}

async function playKilled(scene: Scene): Promise<void> {
  const { gitea, repository, watched, check, subjects } = scene;
  await watch(scene);
  await watched.recorded('Loading');
  for (const [hook, state] of [
    ['pre-receive', 'Ready'],
    ['post-receive', 'Loading'],
  ] as const) {
    const before = (await subjects()).length;
    const held = hold(gitea.bare(repository), hook, watched.file('held', ''));
    await watched.set(state);
    await watched.until(`the push is in ${hook}`, held.isThere);
    await watched.stop();
    held.release();
    await watch(scene);
    await watched.recorded(state);
    await watched.until('it looks once more', lookAgain(scene));
    check(`in ${hook}: its successor records the state, and once`, (await subjects()).length, before + 1);
  }
  check('the branch is whole', await gitea.git(repository, 'fsck', '--strict', '--full', '--no-dangling'), '');
}

async function watch({ gitea, repository, bot, watched }: Scene): Promise<void> {
  const token = await gitea.addToken(bot, `watcher-${Date.now()}`);
  watched.watch(gitea.url(repository), [], { MODEL_MIRROR_GIT_TOKEN: token });
}

function lookAgain({ gitea, repository }: Scene): () => boolean {
  const looks = gitea.count(repository, 'look');
  return () => gitea.count(repository, 'look') > looks + 1;
}

interface Held {
  readonly isThere: () => boolean;
  readonly release: () => void;
}

/** Lets a push wait in a hook. */
function hold(bare: string, hook: string, file: string): Held {
  const folder = mkdtempSync(join(dirname(file), 'held-'));
  const [there, released] = [join(folder, 'there'), join(folder, 'released')];
  const script = join(bare, 'hooks', `${hook}.d`, 'hold');
  writeFileSync(script, `#!/bin/sh\ntouch '${there}'\nwhile [ ! -e '${released}' ]; do sleep 0.1; done\n`, {
    mode: 0o755,
  });
  return {
    isThere: () => existsSync(there),
    release: () => {
      rmSync(script);
      writeFileSync(released, '');
    },
  };
}
