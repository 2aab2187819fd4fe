import { rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { BranchTrouble } from '../../../../../src/core/ports/watch.ts';
import { flushPacket, toPacket } from '../../../../../src/io/git/packets.ts';
import { fail, hostKey, look, never, SshScene, until, userKey, write } from './ssh-scene.ts';
import { makeKey, toFingerprint } from './ssh-server.ts';

test('the watcher reads and writes a branch over one connection, and no service complains', async (t) => {
  const scene = await SshScene.start(t, { banner: 'Unauthorized use is prohibited.\n', greeting: 'Welcome\n' });
  await scene.commit('models/a/model.yaml', 'model a');
  const branch = scene.branch();
  const first = await branch.fetch(never);
  t.deepEqual([...first.files.keys()], ['models/a/model.yaml']);
  t.deepEqual([...(await branch.read(new Set(first.files.values()))).values()], ['model a']);
  t.not(await branch.push(write('models/a/status.yaml', 'one'), never), 'moved');
  await scene.commit('models/b/model.yaml');
  t.is(await branch.push(write('models/a/status.yaml', 'two'), never), 'moved');
  t.is((await branch.fetch(never)).files.size, 3);
  t.not(await branch.push(write('models/a/status.yaml', 'two'), never), 'moved');
  t.is(await scene.git('show', 'main:models/a/status.yaml'), 'two');
  t.is(scene.server.commands.length, 1);
  await until(() => scene.server.open() === 0);
  t.is(scene.server.complaints(), '');
});

for (const type of ['ed25519', 'ecdsa', 'rsa'] as const)
  test(`a host key and a user key: ${type}`, async (t) => {
    const host = makeKey(type);
    const user = makeKey(type);
    const scene = await SshScene.start(t, {
      hostKeys: [host.secret, ...(type === 'ed25519' ? [] : [hostKey.secret])],
      accepts: (key) => key === user.open,
    });
    scene.write('ssh-privatekey', user.secret);
    // The server has another key as well, and prefers it: the known one is asked for.
    scene.know(host.open);
    t.regex(await look(scene.transport()), /0000$/);
  });

test('an unknown server is refused with its fingerprint, whatever is missing', async (t) => {
  const scene = await SshScene.start(t);
  const fingerprint = toFingerprint(hostKey.open);
  scene.write('known_hosts', `other.example.com ${hostKey.open}\n`);
  const { code, message } = await fail(t, scene.transport());
  t.is(code, 'denied');
  t.true(message.includes(`ssh-ed25519 ${fingerprint}`), message);
  t.regex(message, /known_hosts does not have it\. .* ssh-keyscan -p \d+ 127\.0\.0\.1 .*--known-hosts$/);
  scene.write('known_hosts', `@cert-authority * ${hostKey.open}\n`);
  t.regex((await fail(t, scene.transport())).message, /has only a @cert-authority for it, which is not supported/);
  rmSync(join(scene.credentials, 'known_hosts'));
  t.regex((await fail(t, scene.transport())).message, /there is no known_hosts file\. Its key is ssh-ed25519 SHA256:/);
  t.deepEqual(scene.server.commands, []);
});

test('a changed host key is refused with both fingerprints, and a revoked one though it is known', async (t) => {
  const scene = await SshScene.start(t);
  const transport = scene.transport();
  await look(transport);
  const other = makeKey('ecdsa');
  await scene.restart({ hostKeys: [other.secret] });
  const { code, message } = await fail(t, transport);
  t.is(code, 'denied');
  t.regex(message, /has changed: it is ecdsa-sha2-nistp256 SHA256:.* has ssh-ed25519 SHA256:.* \(line 1\)/);
  for (const key of [hostKey, other]) t.true(message.includes(toFingerprint(key.open)), message);
  t.deepEqual(scene.server.commands, []);
  scene.write('known_hosts', `* ${other.open}\n@revoked * ${other.open}\n`);
  t.regex((await fail(t, transport)).message, /is revoked by line 2 of /);
  scene.know(other.open);
  t.regex(await look(transport), /0000$/);
});

test('a key that rotates while the watcher runs is used from the next session on', async (t) => {
  let accepted = userKey.open;
  const scene = await SshScene.start(t, { accepts: (key) => key === accepted });
  const transport = scene.transport();
  await look(transport);
  const next = makeKey();
  accepted = next.open;
  scene.write('ssh-privatekey', next.secret);
  await look(transport);
  await look(transport);
  t.deepEqual(
    scene.server.commands.map((its) => its.length),
    [1, 2],
  );
});

test('a key that is not accepted is read again before that is reported', async (t) => {
  const next = makeKey();
  const scene: SshScene = await SshScene.start(t, {
    accepts: (key) => {
      if (key !== next.open) scene.write('ssh-privatekey', next.secret);
      return key === next.open;
    },
  });
  const transport = scene.transport();
  await look(transport);
  await look(transport);
  t.is(scene.server.commands.length, 1);
});

test('a key that is not accepted is reported with what to do', async (t) => {
  const scene = await SshScene.start(t, { accepts: () => false });
  const { code, message } = await fail(t, scene.transport());
  t.is(code, 'denied');
  t.regex(message, /does not accept the ed25519 key in .*ssh-privatekey for the user git: register its public half/);
  scene.write('ssh-privatekey', 'nonsense');
  const transport = (() => {
    scene.write('ssh-privatekey', userKey.secret);
    const made = scene.transport();
    scene.write('ssh-privatekey', 'nonsense');
    return made;
  })();
  t.regex((await fail(t, transport)).message, /does not hold a private key that can be read: check it with ssh-keygen/);
});

test('sessions that are opened together share one connection', async (t) => {
  const scene = await SshScene.start(t);
  const transport = scene.transport();
  await Promise.all([1, 2, 3, 4].map(() => look(transport, 'git-upload-pack')));
  t.deepEqual(
    scene.server.commands.map((its) => its.length),
    [4],
  );
  const aborted = new AbortController();
  const { port } = scene.server;
  await scene.restart();
  t.is(scene.server.port, port);
  const looks = [look(transport), look(transport, 'git-receive-pack', aborted.signal)];
  aborted.abort(new Error('enough'));
  await t.throwsAsync(looks[1] as Promise<string>, { message: 'enough' });
  t.regex(await (looks[0] as Promise<string>), /0000$/);
});

test('a connection that the server closed meanwhile is opened again', async (t) => {
  const scene = await SshScene.start(t);
  await scene.commit('a');
  const branch = scene.branch();
  await branch.fetch(never);
  scene.server.cut();
  t.not(await branch.push(write('b', 'b'), never), 'moved');
  await scene.restart();
  await scene.commit('c');
  t.is((await branch.fetch(never)).files.size, 3);
});

test('a server that closes the kept connection at the next command is tried once more', async (t) => {
  let left = 1;
  const scene = await SshScene.start(t, {
    serve: (_, __, connection) => {
      if (left-- !== 0) return false;
      connection.end();
      return true;
    },
  });
  const transport = scene.transport();
  await look(transport);
  await look(transport);
  t.is(scene.server.commands.length, 2);
});

test('a server that allows one channel at a time gets a new connection, never a wait', async (t) => {
  const scene = await SshScene.start(t, { mostChannels: 1 });
  const transport = scene.transport();
  await using first = await transport.open('git-upload-pack', never);
  await using second = await transport.open('git-upload-pack', never);
  t.true(first.advertisement.length > 0 && second.advertisement.length > 0);
  t.is(scene.server.commands.length, 2);
  const none = await SshScene.start(t, { mostChannels: 0 });
  const { code, message } = await fail(t, none.transport());
  t.is(code, 'unavailable');
  t.regex(message, /does not start git-receive-pack: .*Channel open failure/);
});

test('no server, and one that is not an SSH server', async (t) => {
  const scene = await SshScene.start(t);
  const { port } = scene.server;
  const transport = scene.transport();
  await scene.server.close();
  const refused = await fail(t, transport);
  t.is(refused.code, 'unreachable');
  t.regex(
    refused.message,
    new RegExp(`^the git server \\[127\\.0\\.0\\.1\\]:${port} cannot be reached: .*ECONNREFUSED`),
  );
  for (const [text, code, message] of [
    ['SSH-1.5-old\r\n', 'denied', /does not answer as an SSH server does: check the address and the port$/],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'unreachable', /closed the connection before it began: check the address/],
    ['', 'unreachable', /closed the connection before it began: .* too busy does so too$/],
  ] as const) {
    const other = createServer((socket) => {
      socket.on('error', () => {});
      socket.resume().end(text);
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const its = (other.address() as AddressInfo).port;
    const trouble = await fail(t, scene.transport(`ssh://git@127.0.0.1:${its}/repo.git`));
    t.is(trouble.code, code, trouble.message);
    t.regex(trouble.message, message);
    await new Promise((resolve) => other.close(resolve));
  }
});

/** Longer than connecting takes on a busy machine. */
const silenceMs = 6000;

test('a server that is silent from the start is given up', async (t) => {
  const silent = createServer((socket) => void socket.resume().on('error', () => {}));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const scene = await SshScene.start(t);
  const at = `ssh://git@127.0.0.1:${(silent.address() as AddressInfo).port}/repo.git`;
  const { code, message } = await fail(t, scene.transport(at, 200));
  t.is(code, 'unreachable');
  t.regex(message, /was silent for 0\.2 s$/);
  await new Promise((resolve) => silent.close(resolve));
});

test('a server that goes silent before it lists the refs is given up', async (t) => {
  const scene = await SshScene.start(t, { serve: () => true });
  const { code, message } = await fail(t, scene.transport(scene.address, silenceMs));
  t.is(code, 'unreachable');
  t.regex(message, /was silent for 6 s$/);
});

test('a server that goes silent in a response is given up, and the next session is on a new connection', async (t) => {
  let refs: Buffer | undefined = Buffer.concat([
    toPacket(`${'0'.repeat(40)} capabilities^{}\0 side-band-64k\n`),
    flushPacket,
  ]);
  const scene = await SshScene.start(t, {
    serve: (_, channel) => {
      if (refs !== undefined) channel.write(refs);
      return refs !== undefined;
    },
  });
  const transport = scene.transport(scene.address, silenceMs);
  const session = await transport.open('git-upload-pack', never);
  await t.throwsAsync(
    async () => {
      for await (const chunk of session.request(Buffer.from('0000'))) t.fail(`${chunk}`);
    },
    { instanceOf: BranchTrouble, message: /was silent for 6 s$/ },
  );
  await session[Symbol.asyncDispose]();
  refs = undefined;
  t.regex(await look(transport), /0000$/);
  t.is(scene.server.commands.length, 2);
});
