/** A host that wants to learn credentials, keep the watcher waiting, fill its memory, or write into its log. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { BranchTrouble } from '../../../../src/core/ports/watch.ts';
import { openTransport } from '../../../../src/io/git/transports.ts';
import { makeCertificate } from '../../process/certificate.ts';

const token = 'the-token-of-the-watcher';
const type = 'application/x-git-receive-pack-advertisement';
const never = new AbortController().signal;

/** Answers each connection by hand, once its request has arrived. @returns the address, and what arrived. */
async function serve(
  t: ExecutionContext,
  answer: (socket: Socket, request: string) => void,
): Promise<{ readonly url: string; readonly requests: string[] }> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    let request = '';
    socket.on('data', (chunk) => {
      const isNew = request === '';
      request += chunk.toString('latin1');
      if (!isNew) return;
      requests.push(request);
      answer(socket, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function toTransport(url: string, silenceMs = 30_000) {
  const environment = { MODEL_MIRROR_GIT_TOKEN: token };
  return openTransport({ address: `${url}/repo.git`, credentials: undefined, environment, silenceMs });
}

/** What looking at the branch fails with. */
async function fail(t: ExecutionContext, url: string, silenceMs?: number): Promise<string> {
  const error = await t.throwsAsync(toTransport(url, silenceMs).open('git-receive-pack', never));
  const shown = `${error instanceof BranchTrouble ? error.code : error?.name} ${error?.message} ${(error?.cause as Error)?.message}`;
  const pair = Buffer.from(`x-token-auth:${token}`).toString('base64');
  t.false(shown.includes(token.slice(0, 10)) || shown.includes(pair), shown);
  t.true(shown.length < 1000);
  return error?.message ?? '';
}

/** Writes again and again, as fast as it is taken, until the connection ends. */
function pour(socket: Socket, chunk: Buffer | string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

test('a page, a list of refs and headers without an end are given up, and the connection with them', async (t) => {
  const megabyte = Buffer.alloc(2 ** 20, '0');
  for (const [head, message] of [
    ['HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<title>', /with a page in place of git/],
    [`HTTP/1.1 403 No\r\ncontent-type: text/plain\r\n\r\n`, /HTTP 403\): 0{200}$/],
    [`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\n\r\n`, /list of refs is longer than 64 MiB$/],
    ['HTTP/1.1 200 OK\r\nx-long: ', /./],
  ] as const) {
    let ended: Promise<void> | undefined;
    const { url } = await serve(t, (socket) => {
      ended = new Promise((resolve) => socket.once('close', () => resolve()));
      socket.write(head);
      pour(socket, megabyte);
    });
    t.regex(await fail(t, url), message);
    await ended;
  }
});

test('headers, a page and a refusal that arrive byte by byte end when the host is silent for too long', async (t) => {
  for (const head of [
    'HTTP/1.1 200 OK\r\nx-slow: ',
    'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n',
    'HTTP/1.1 401 No\r\ncontent-type: text/plain\r\n\r\n',
  ]) {
    const { url } = await serve(t, (socket) => {
      socket.write(head);
      const drip = setInterval(() => socket.write('x'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    t.regex(await fail(t, url, 300), /silent for 0\.3 s$|in place of git|HTTP 401/);
  }
});

test('what a host writes cannot break a line of the log, nor show what it was sent', async (t) => {
  for (const [status, kind, body] of [
    ['403 No', 'text/plain; charset=utf-8', '\u001b[31m::error::\u202egnp\u2028second'],
    ['403 No', 'text/plain', Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0x0a, 0x41])],
    ['400 No', 'application/json', JSON.stringify({ message: `bad\u0000 token ${token}\nsecond` })],
    ['400 No', 'application/json', '{"message":{"toString":1}}'],
    ['400 No', 'application/json', `[${'['.repeat(8000)}`],
    ['200 OK', 'text/html', `<title>${'<title'.repeat(2000)}`],
    ['200 OK', 'text/html; charset=utf-16', Buffer.from('<title>Sign in</title>', 'utf16le')],
    ['401 No', 'text/plain', `you sent Basic ${Buffer.from(`x-token-auth:${token}`).toString('base64')}`],
    // What is shown ends within the token.
    ['401 No', 'text/plain', `${'you sent '.repeat(20)}${token}`],
  ] as const) {
    const { url } = await serve(t, (socket) => {
      socket.write(`HTTP/1.1 ${status}\r\ncontent-type: ${kind}\r\nconnection: close\r\n\r\n`);
      socket.end(body);
    });
    t.notRegex(await fail(t, url), /\p{Cc}|\p{Cf}|[\u2028\u2029]/u);
  }
});

test('an address with a password in a redirect is neither shown nor asked with it', async (t) => {
  const { url, requests } = await serve(t, (socket, request) => {
    const isFirst = request.startsWith('GET /repo.git');
    const to = `${url.replace('//', '//ada:pa55word@')}/new.git/info/refs`;
    socket.end(
      isFirst
        ? `HTTP/1.1 301 Moved\r\nlocation: ${to}\r\nconnection: close\r\n\r\n`
        : 'HTTP/1.1 404 No\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\ngone',
    );
  });
  t.notRegex(await fail(t, url), /pa55word/);
  t.is(requests.length, 2);
  t.regex(requests[1] ?? '', /^GET \/new\.git\/info\/refs HTTP/);
  t.regex(requests[1] ?? '', new RegExp(Buffer.from(`x-token-auth:${token}`).toString('base64')));
});

test('a redirect of a push is not followed, and nothing is sent to where it leads', async (t) => {
  const away = await serve(t, (socket) => socket.end());
  for (const status of [301, 302, 303, 307, 308]) {
    const { url } = await serve(t, (socket, request) => {
      const refs = '001f# service=git-receive-pack\n00000000';
      const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${refs.length}\r\n`;
      if (request.startsWith('GET')) socket.end(`${head}connection: close\r\n\r\n${refs}`);
      else socket.end(`HTTP/1.1 ${status} Go\r\nlocation: ${away.url}/x/git-receive-pack\r\nconnection: close\r\n\r\n`);
    });
    await using session = await toTransport(url).open('git-receive-pack', never);
    const answer = async () => {
      for await (const _ of session.request(Buffer.from('0000'))) t.fail();
    };
    const trouble = await t.throwsAsync<BranchTrouble>(answer(), { instanceOf: BranchTrouble });
    t.is(trouble?.code, 'denied');
    t.regex(trouble?.message ?? '', new RegExp(`\\(HTTP ${status}\\)`));
  }
  t.deepEqual(away.requests, []);
});

test('a certificate of an unknown authority is reported with the variable that names it', async (t) => {
  const { cert, key } = makeCertificate(['localhost']);
  const server = createTlsServer({ cert, key }, (_: IncomingMessage, response: ServerResponse) => response.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  t.regex(await fail(t, url), /\(DEPTH_ZERO_SELF_SIGNED_CERT\): name a file .* in NODE_EXTRA_CA_CERTS$/);
});
