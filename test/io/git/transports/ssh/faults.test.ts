/** Connections that end at any moment, servers that write anything, and paths that a shell could misunderstand. */
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { isFault } from '../../../../../src/core/diagnostics/fault.ts';
import { BranchTrouble } from '../../../../../src/core/ports/watch.ts';
import { flushPacket, toPacket } from '../../../../../src/io/git/packets.ts';
import { openTransport } from '../../../../../src/io/git/transports.ts';
import { times } from '../../../../thorough.ts';
import { fail, hostKey, look, never, SshScene, until, write } from './ssh-scene.ts';

/** Forwards to a server, and cuts the next connection after so many bytes in both directions together. */
class Cutter {
  left = Number.POSITIVE_INFINITY;
  seen = 0;
  readonly #target: number;

  constructor(target: number) {
    this.#target = target;
  }

  async listen(t: ExecutionContext): Promise<number> {
    const server = createServer((client) => {
      const upstream = connect(this.#target, '127.0.0.1');
      const limit = this.left;
      this.left = Number.POSITIVE_INFINITY;
      let passed = 0;
      const forward = (from: Socket, to: Socket) => {
        from.on('data', (chunk: Buffer) => {
          const part = chunk.subarray(0, limit - passed);
          passed += part.length;
          this.seen = passed;
          to.write(part);
          if (passed < limit) return;
          client.destroy();
          upstream.destroy();
        });
        from.on('error', () => {});
        from.on('close', () => to.destroy());
      };
      forward(client, upstream);
      forward(upstream, client);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    return (server.address() as AddressInfo).port;
  }
}

test('a server that compresses everything is refused', async (t) => {
  const scene = await SshScene.start(t, { compresses: true });
  const trouble = await t.throwsAsync<BranchTrouble>(look(scene.transport()), { instanceOf: BranchTrouble });
  t.is(trouble?.code, 'denied');
  t.regex(trouble?.message ?? '', /have no way to encrypt in common: .*compression/);
});

test('a connection that is cut at any moment loses nothing and doubles nothing', async (t) => {
  const scene = await SshScene.start(t);
  scene.write('known_hosts', `[127.0.0.1]:* ${hostKey.open}\n`);
  await scene.commit('models/a/model.yaml', 'model a');
  const cutter = new Cutter(scene.server.port);
  const at = `ssh://git@127.0.0.1:${await cutter.listen(t)}${scene.bare}`;
  const change = async (text: string) => {
    const branch = scene.branch(scene.transport(at));
    let troubles = 0;
    for (;;)
      try {
        const { files } = await branch.fetch(never);
        const id = files.get('models/a/status.yaml') ?? '';
        if ((await branch.read(new Set(files.values()))).get(id) === text) return troubles;
        await branch.push(write('models/a/status.yaml', text), never);
      } catch (error) {
        if (!(error instanceof BranchTrouble) || error.code !== 'unreachable') throw error;
        troubles++;
      }
  };
  t.is(await change('whole'), 0);
  const whole = cutter.seen;
  const cuts = times(24, 8);
  let troubles = 0;
  for (let i = 0; i < cuts; i++) {
    cutter.left = Math.round((whole * (i + 0.5)) / cuts);
    troubles += await change(`cut ${i}`);
    t.is(await scene.git('show', 'main:models/a/status.yaml'), `cut ${i}`);
  }
  t.true(troubles > 0);
  const subjects = (await scene.git('log', '--format=%s', 'main')).trim().split('\n');
  t.is(subjects.length, 2 + cuts);
  t.is(await scene.git('fsck', '--strict', '--no-dangling'), '');
});

test('a path reaches git as it is, whatever a shell makes of its characters', async (t) => {
  for (const name of ["it's.git", 'a b$(touch hit)`touch hit`.git', 'ex!cla;touch hit.git', '"quoted"\\.git']) {
    const scene = await SshScene.start(t, {}, name);
    const address = `ssh://git@127.0.0.1:${scene.server.port}${encodeURI(join(scene.home, name))}`;
    t.regex(await look(scene.transport(address)), /0000$/, name);
    const relative = `ssh://git@127.0.0.1:${scene.server.port}/~/${encodeURIComponent(name)}`;
    // In quotes the shell leaves the tilde to git.
    t.regex(await look(scene.transport(relative)), /0000$/, name);
  }
});

for (const [title, out, error, status, code, message] of [
  [
    'a refusal',
    '',
    'Gitea: Deploy Key: 3:ro is not authorized to write to ml/x.\n',
    1,
    'denied',
    /deploy key write access/,
  ],
  [
    'an empty line before the words, as of Gitea',
    '\n',
    'Gitea: Deploy Key: 3:ro is not authorized to write to ml/x.\n',
    1,
    'denied',
    /deploy key write access: Deploy Key: 3:ro is not authorized to write to ml\/x\.$/,
  ],
  [
    'an error in place of the refs',
    toPacket('ERR access denied or repository not found'),
    '',
    0,
    'denied',
    /no such repository/,
  ],
  [
    'half a list of refs',
    toPacket(`${'0'.repeat(40)} capabilities^{}\0\n`),
    '',
    0,
    'unavailable',
    /ended .* with status 0$/,
  ],
  [
    'a message of the shell',
    'Welcome to \u001b[1mexample\n',
    '',
    0,
    'denied',
    /answers with text in place of git: Welcome to \\u001b/,
  ],
  [
    'control characters',
    '',
    'fatal: \u001b]0;x\u0007 \u202e token=hunter22\n',
    128,
    'denied',
    /: \\u001b\]0;x\\u0007 \\u202e token=…$/,
  ],
  ['nothing at all', '', '', 1, 'unavailable', /with status 1$/],
] as const)
  test(`a server that ends a service: ${title}`, async (t) => {
    const scene = await SshScene.start(t, {
      serve: (_, channel) => {
        channel.write(out);
        channel.stderr.write(error);
        channel.exit(status);
        channel.end();
        channel.resume();
        return true;
      },
    });
    const trouble = await fail(t, scene.transport());
    t.is(trouble.code, code, trouble.message);
    t.regex(trouble.message, message);
    t.notRegex(trouble.message, /\p{Cc}/u);
  });

test('a list of refs without an end is given up, and its channel is closed', async (t) => {
  const line = toPacket(`${'1'.repeat(40)} refs/heads/${'x'.repeat(60_000)}\n`);
  const scene = await SshScene.start(t, {
    serve: (_, channel) => {
      let isClosed = false;
      const pour = () => {
        if (!isClosed) channel.write(line, () => setImmediate(pour));
      };
      channel
        .on('error', () => {})
        .on('close', () => {
          isClosed = true;
        });
      channel.resume();
      pour();
      return true;
    },
  });
  const trouble = await fail(t, scene.transport());
  t.is(trouble.code, 'too-large');
  t.regex(trouble.message, /list of refs is longer than 64 MiB$/);
  await until(() => scene.server.open() === 0);
});

test('a list of refs that arrives too slowly is given up, though the server is never silent', async (t) => {
  const scene = await SshScene.start(t, {
    serve: (_, channel) => {
      channel.write(toPacket(`${'1'.repeat(40)} HEAD\0\n`));
      const drip = setInterval(() => channel.stderr.write('.'), 20);
      t.teardown(() => clearInterval(drip));
      channel.on('error', () => {}).on('close', () => clearInterval(drip));
      return true;
    },
  });
  const trouble = await fail(t, scene.transport(undefined, 500));
  t.is(trouble.code, 'unreachable');
  // A machine that is busy for so long makes it silent after all.
  t.regex(trouble.message, /did not list the refs within 1\.5 s$|was silent for 0\.5 s$/);
});

test('a response whose end is missing is an error, though the channel was closed in order', async (t) => {
  const refs = [toPacket(`${'1'.repeat(40)} HEAD\0 side-band-64k\n`), flushPacket];
  const scene = await SshScene.start(t, {
    serve: (_, channel) => {
      channel.write(Buffer.concat(refs));
      channel.once('data', () => {
        channel.write(toPacket('\x01PACK'));
        channel.stderr.write('fatal: the remote end hung up upon initial contact\n');
        channel.exit(128);
        channel.end();
      });
      return true;
    },
  });
  await using session = await scene.transport().open('git-upload-pack', never);
  const read = async () => {
    for await (const chunk of session.request(Buffer.from('0000'))) t.true(chunk.length > 0);
  };
  const trouble = await t.throwsAsync<BranchTrouble>(read, { instanceOf: BranchTrouble });
  t.is(trouble?.code, 'unavailable');
  t.regex(`${trouble?.message}`, /ended git-upload-pack with status 128: the remote end hung up/);
});

test('a key that cannot be used is refused at the start', async (t) => {
  const scene = await SshScene.start(t);
  const open = (credentials: string | undefined, knownHosts?: string) => () =>
    openTransport({ address: scene.address, credentials, knownHosts, environment: {} });
  const place = (name: string) => join(scene.credentials, name);
  scene.write('protected', '-----BEGIN ENCRYPTED PRIVATE KEY-----\n');
  for (const [fault, message] of [
    [open(undefined), /^no private key is given for SSH$/],
    [open(place('missing')), /missing cannot be read: no such file or directory$/],
    [open(scene.home), /ssh-privatekey cannot be read: no such file or directory$/],
    [open(place('protected')), /^the key in .*protected has a passphrase, and nobody is there to type it$/],
    [open(place('known_hosts')), /does not hold a private key that can be read$/],
    [open(scene.credentials, place('missing')), /missing cannot be read: no such file or directory$/],
  ] as const) {
    const error = t.throws(fault, { message });
    t.true(isFault(error) && error.hint.length > 0);
  }
  t.notThrows(open(place('ssh-privatekey'), place('known_hosts')));
});
