import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { listen, started } from '../../../src/io/process/listen.ts';

const headers = { connection: 'close' };

test('if metrics cannot be collected, the response is 500 and the server goes on', async (t) => {
  const metrics = { contentType: 'text/plain', text: () => Promise.reject(new Error('a collector failed')) };
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: undefined }),
    metrics,
  });
  t.teardown(close);
  for (let i = 0; i < 2; i++) {
    const response = await fetch(`http://${address}/metrics`, { headers });
    t.is(response.status, 500);
    t.is(await response.text(), 'a collector failed\n');
  }
  t.is(await (await fetch(`http://${address}/healthz`, { headers })).text(), 'alive\n');
});

test('an obstacle makes /readyz answer 503; failing pushes are shown there with 200', async (t) => {
  let obstacle: string | undefined = 'the branch was not read yet';
  const pushTrouble = { message: safe`protected branch`, failures: 3, since: 1_700_000_000 };
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle, pushTrouble }),
    metrics: { contentType: 'text/plain', text: async () => '' },
  });
  t.teardown(close);
  const get = () => fetch(`http://${address}/readyz`, { headers });
  t.is((await get()).status, 503);
  obstacle = undefined;
  const response = await get();
  t.is(response.status, 200);
  t.is(await response.text(), 'ready\nbut pushes fail, 3 in a row, since 2023-11-14T22:13:20.000Z: protected branch\n');
});

async function start(t: ExecutionContext) {
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: undefined }),
    metrics: { contentType: 'text/plain', text: async () => '' },
  });
  t.teardown(close);
  const open = async (): Promise<Socket> => {
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    return socket;
  };
  return { address, open };
}

test('connections that send nothing keep nobody from being answered: the oldest give up their places', async (t) => {
  const { address, open } = await start(t);
  const sockets: Socket[] = [];
  for (let i = 0; i < 400; i++) sockets.push(await open());
  t.is(await (await fetch(`http://${address}/readyz`, { headers })).text(), 'ready\n');
  // Of the 401, and the last one has ended.
  await Promise.all(sockets.slice(0, 201).map((socket) => socket.closed || once(socket, 'close')));
  t.deepEqual(
    sockets.slice(201).map(({ closed }) => closed),
    Array(199).fill(false),
  );
});

test('a request whose head never ends is cut off, and so is one whose body does not come', async (t) => {
  const { open } = await start(t);
  const heads = [
    'GET /readyz HTTP/1.1\r\nhost: a\r\nx: ',
    'POST /readyz HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n1',
  ];
  await t.notThrowsAsync(
    Promise.all(
      heads.map(async (head) => {
        const socket = await open();
        socket.write(head);
        if (!socket.closed) await once(socket, 'close');
      }),
    ),
  );
});

test('those who do not take long answers keep few of them in memory, and nobody from getting theirs', async (t) => {
  const text = 'x'.repeat(16 * 1024 * 1024);
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: undefined }),
    metrics: { contentType: 'text/plain', text: async () => text },
  });
  t.teardown(close);
  const sockets: Socket[] = [];
  for (let i = 0; i < 6; i++) {
    const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    socket.write('GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n');
    await once(socket, 'readable');
    sockets.push(socket);
  }
  t.is((await (await fetch(`http://${address}/metrics`, { headers })).text()).length, text.length);
  // Two of the seven answers have room, and the last one was taken.
  for (const socket of sockets.slice(0, 5)) {
    socket.resume();
    if (!socket.closed) await once(socket, 'close');
    t.true(socket.bytesRead < text.length);
  }
  t.false(sockets[5]?.closed);
});

test('a connection that cannot be accepted ends nothing', async (t) => {
  const server = createServer();
  t.teardown(() => server.close());
  await started(server, 0, '127.0.0.1', '--listen');
  for (let i = 0; i < 3; i++)
    t.notThrows(() => server.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' })));
});

test('who sends very many requests without waiting for an answer gets few answered', async (t) => {
  let answered = 0;
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: undefined }),
    metrics: { contentType: 'text/plain', text: async () => '' },
    json: {
      '/blocks': () => {
        answered++;
        return { counted: 'x'.repeat(100_000) };
      },
    },
  });
  t.teardown(close);
  const socket = connect(Number(address.split(':')[1]), '127.0.0.1');
  t.teardown(() => socket.destroy());
  socket.on('error', () => {});
  socket.resume();
  socket.write('GET /blocks HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(1500));
  if (!socket.closed) await once(socket, 'close');
  t.true(answered <= 10, `${answered}`);
});

test('a connection is kept for the next request', async (t) => {
  const { open } = await start(t);
  const socket = await open();
  for (let i = 0; i < 50; i++) {
    socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n');
    const [data] = (await once(socket, 'data')) as [Buffer];
    t.regex(data.toString(), /200 OK/);
  }
});

test('an answer that cannot be sent ends its connection, and nothing else', async (t) => {
  const { address, close } = await listen('127.0.0.1:0', {
    health: () => ({ isAlive: true, obstacle: undefined }),
    metrics: { contentType: 'no\nheader', text: async () => '' },
  });
  t.teardown(close);
  await t.throwsAsync(fetch(`http://${address}/metrics`, { headers }));
  t.is(await (await fetch(`http://${address}/healthz`, { headers })).text(), 'alive\n');
});
