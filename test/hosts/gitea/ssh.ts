/** Deploy keys over Gitea's own SSH server. */
import { execFileSync } from 'node:child_process';
import { addDeployKey, makeKey } from './keys.ts';
import type { Scene, Story } from './story.ts';

export const ssh: readonly Story[] = [{ title: 'deploy keys over SSH', play }];

async function play({ gitea, repository, watched, check, subjects }: Scene): Promise<void> {
  // Not all kinds of keys of the server: one is enough to know it by.
  const words = ['-t', 'rsa', '-p', `${gitea.sshPort}`, '127.0.0.1'];
  const known = watched.file('known', execFileSync('ssh-keyscan', words, { encoding: 'utf8', stdio: 'pipe' }));
  const [reader, writer, stranger] = ['reader', 'writer', 'stranger'].map((name) => watched.path(name)) as [
    string,
    string,
    string,
  ];
  await addDeployKey(gitea, repository, makeKey(reader), false);
  const watch = (key: string, hosts: string) =>
    watched.watch(gitea.sshUrl(repository), ['--git-credentials', key, '--known-hosts', hosts]);
  const trouble = async () => (await watched.line(/"level":"(error|warn)"/)).message;

  watch(reader, known);
  check('one that may only read', await trouble(), /reader is not authorized to write/);
  await watched.stop();
  const writerKey = makeKey(writer);
  watch(writer, known);
  check(
    'one that Gitea does not know',
    await trouble(),
    /does not accept the ed25519 key in .* register its public half there as a deploy key with write access/,
  );
  await addDeployKey(gitea, repository, writerKey, true);
  await watched.recorded('Loading');
  await watched.set('Ready');
  await watched.recorded('Ready');
  check('one that may push', (await subjects()).slice(1), [
    'status(wisdom): candidate v2 is loading',
    'status(wisdom): candidate v2 is Ready; its mirror may open',
  ]);
  await watched.stop();
  const other = makeKey(stranger, 'rsa');
  const changed = watched.file('changed', `[127.0.0.1]:${gitea.sshPort} ${other}\n`);
  watch(writer, changed);
  check('a key of the server that has changed', await trouble(), /has changed: it is .*SHA256:.* has .*SHA256:/);
}
