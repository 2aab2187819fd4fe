/** Gitea itself is stopped and started again. */
import type { Scene, Story } from './story.ts';

/** Nothing else may run. */
export const restart: Story = { title: 'Gitea is stopped and started again', play };

async function play({ gitea, repository, bot, watched, check, subjects }: Scene): Promise<void> {
  watched.watch(gitea.url(repository), [], { MODEL_MIRROR_GIT_TOKEN: await gitea.addToken(bot, 'watcher') });
  await watched.recorded('Loading');
  await gitea.stop();
  await watched.set('Ready');
  const { message, cause } = await watched.line(/"attempt":3/);
  check('the words', message, /ECONNREFUSED/);
  check('why', cause, 'unreachable');
  check('/readyz says so', await watched.page('/readyz'), /ECONNREFUSED/);
  await gitea.restart();
  await watched.recorded('Ready');
  await watched.until('/readyz is fine again', async () => (await watched.page('/readyz')) === 'ready\n');
  check('one commit for each change', (await subjects()).length, 3);
}
