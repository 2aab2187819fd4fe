/** The comparer of `npm run bench:compare`: wired as the command does, with routes from its parent and every name on loopback. */
import { once } from 'node:events';
import { serveComparer } from '../../src/cli/compare/serve.ts';
import { toCompareSettings } from '../../src/cli/compare/settings.ts';
import { toJsonLog } from '../../src/io/process/log.ts';
import { toLoopback } from '../compare/compare-scene.ts';

const flags = {
  intake: '127.0.0.1:0',
  listen: '127.0.0.1:0',
  watchTimeout: '30s',
  deadline: '10s',
  maxCalls: '256',
  maxBytes: '24Mi',
  maxSize: '4Mi',
};
async function main(): Promise<void> {
  const [items] = (await once(process, 'message')) as [unknown];
  const running = await serveComparer(toCompareSettings(flags, {}, 'bench'), {
    api: {
      request: async (_, { query = {}, signal }) => {
        if ('watch' in query)
          await new Promise<void>((resolve) => {
            setTimeout(resolve, 20_000).unref();
            signal.addEventListener('abort', () => resolve());
          });
        const list = { metadata: { resourceVersion: '1' }, items };
        const bookmark = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '1' } } };
        return new Response(
          JSON.stringify('watch' in query ? bookmark : list) + ('watch' in query ? '\n' : ''),
        ) as never;
      },
    },
    lookup: toLoopback,
    log: toJsonLog(() => {}),
    version: 'bench',
  });
  process.send?.({ intake: running.intake, pages: running.pages });
  // When the parent goes, too.
  process.once('disconnect', () => void running.end(1000).then(() => process.exit(0)));
}

void main();
