import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { fetch, ProxyTrouble } from '../../../src/io/process/fetch.ts';

async function serve(
  t: ExecutionContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly requests: string[] }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} HTTP/${request.httpVersion}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

test('the text of a 407 response is read, by asking again, but never for a POST', async (t) => {
  const { url, requests } = await serve(t, (_, response) => {
    response.writeHead(407, { 'content-type': 'text/plain' }).end('log in first');
  });
  const got = await fetch(`${url}/a`, { headers: {} });
  t.is(got.status, 407);
  t.is(got.headers.get('content-type'), 'text/plain');
  t.is(await got.text(), 'log in first');
  const posted = await fetch(`${url}/b`, { method: 'POST', headers: {}, body: 'x' });
  t.is(posted.status, 407);
  t.is(await posted.text(), '');
  t.deepEqual(requests, ['GET /a HTTP/1.1', 'GET /a HTTP/1.1', 'POST /b HTTP/1.1']);
});

test('credentials do not follow a redirect to another host', async (t) => {
  let seen: string | undefined;
  const other = await serve(t, ({ headers }, response) => {
    seen = `${headers.authorization}`;
    response.end('there');
  });
  const { url } = await serve(t, (request, response) => {
    const to = request.url === '/own' ? '/here' : other.url;
    if (request.url === '/here') response.end(request.headers.authorization);
    else response.writeHead(302, { location: to }).end();
  });
  const headers = { Authorization: 'Basic c2VjcmV0' };
  t.is(await (await fetch(`${url}/own`, { headers })).text(), 'Basic c2VjcmV0');
  t.is(await (await fetch(`${url}/away`, { headers })).text(), 'there');
  t.is(seen, 'undefined');
});

test('a failed request is reported as that of the proxy only if it went through one', async (t) => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const direct = await t.throwsAsync(fetch(`http://127.0.0.1:${port}`, { headers: {} }, {}));
  t.false(direct instanceof ProxyTrouble);
  const environment = { HTTPS_PROXY: `http://ada:pa55word@127.0.0.1:${port}` };
  const trouble = await t.throwsAsync<ProxyTrouble>(fetch('https://git.corp.test', { headers: {} }, environment), {
    instanceOf: ProxyTrouble,
  });
  t.is(trouble?.status, undefined);
  t.notRegex(`${trouble?.title} ${trouble?.message}`, /pa55word/);
});
