/** Large files beside models: a look at the branch must not transfer them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { git } from '../../../src/demo/fakes/git.ts';
import type { Scene, Story } from './story.ts';
import { addFiles } from './story.ts';

export const filter: readonly Story[] = [{ title: 'large binaries beside the models', play }];

const megabyte = 1 << 20;
const count = 3;
/** Of each; no compression makes them smaller than that. */
const size = 6 * megabyte;

async function play({ gitea, repository, bot, watched, check }: Scene): Promise<void> {
  for (let i = 0; i < count; i++)
    await addFiles(gitea, repository, { [`models/wisdom/${i}.bin`]: randomBytes(size).toString('base64') }, `${i}.bin`);
  await using wire = await Wire.to(gitea.port);
  const token = await gitea.addToken(bot, 'watcher');
  const folder = await mkdtemp(watched.path('clones-'));
  const clone = async (...words: string[]) => {
    wire.bytes = 0;
    const url = `http://${bot}:${token}@127.0.0.1:${wire.port}/${repository}.git`;
    await git(folder, ['clone', '--quiet', '--bare', '--depth', '1', ...words, url, `clone-${words.length}`]);
    return wire.bytes;
  };
  check('a shallow clone transfers them', (await clone()) > count * size, true);
  const filtered = await clone('--filter=blob:none');
  wire.bytes = 0;
  watched.watch(`http://127.0.0.1:${wire.port}/${repository}.git`, [], { MODEL_MIRROR_GIT_TOKEN: token });
  await watched.recorded('Loading');
  const looked = wire.bytes;
  check(
    `the watcher transfers ${looked} bytes until its first commit is there, ${(looked / filtered).toFixed(1)} times a clone without files`,
    looked < (count * size) / 100,
    true,
  );
}

/** A port that forwards to another one, and counts what passes in both directions. */
class Wire {
  bytes = 0;
  readonly #server = createServer();

  static async to(port: number): Promise<Wire> {
    const wire = new Wire();
    wire.#server.on('connection', (client) => {
      const upstream = connect(port, '127.0.0.1');
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.on('data', (chunk) => {
          wire.bytes += chunk.length;
        });
        from.on('error', () => to.destroy());
        from.pipe(to);
      }
    });
    await new Promise<void>((resolve) => wire.#server.listen(0, '127.0.0.1', resolve));
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
  }
}
