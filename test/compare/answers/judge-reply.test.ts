import test from 'ava';
import { judgeReply } from '../../../src/compare/answers/judge-reply.ts';

const reset = 'upstream connect error or disconnect/reset before headers. reset reason:';

/** Status, body, headers, and what it is. */
const http: readonly (readonly [number, string, Readonly<Record<string, string>>, string])[] = [
  [200, '{}', {}, 'answered'],
  [204, '', {}, 'answered'],
  [304, '', {}, 'answered'],
  [400, '{"error":"shape"}', {}, 'failed http-400'],
  [403, '{"error":"forbidden"}', {}, 'failed http-403'],
  [403, 'RBAC: access denied', {}, 'unknown refused'],
  [500, 'RBAC: access denied', {}, 'failed http-500'],
  [500, '', {}, 'failed http-500'],
  [503, '{"error":"loading"}', {}, 'failed http-503'],
  [503, 'no healthy upstream', {}, 'unknown unreachable'],
  [503, `${reset} connection failure`, {}, 'unknown unreachable'],
  [
    503,
    `${reset} remote connection failure, transport failure reason: delayed connect error: 111`,
    {},
    'unknown unreachable',
  ],
  [503, `${reset} connection termination`, {}, 'unknown unreachable'],
  [503, `${reset} overflow`, { 'x-envoy-overloaded': 'true' }, 'unknown overloaded'],
  [503, `${reset} remote reset`, {}, 'failed http-503'],
  [503, `${reset} protocol error`, {}, 'failed http-503'],
  [504, 'upstream request timeout', {}, 'failed http-504'],
  [429, '', { 'x-envoy-ratelimited': 'true' }, 'unknown overloaded'],
  [429, '', {}, 'failed http-429'],
];

for (const [status, text, headers, expected] of http)
  test(`HTTP ${status} ${text} ${Object.keys(headers).join()} is ${expected}`, (t) => {
    t.is(toText(judgeReply({ status, headers, trailers: {}, body: new TextEncoder().encode(text) }, 'http')), expected);
  });

/** Status, message, and what it is. */
const grpc: readonly (readonly [string | undefined, string, string])[] = [
  ['0', '', 'answered'],
  ['13', 'ModelRuntime UNAVAILABLE', 'failed grpc-13'],
  ['7', 'no', 'failed grpc-7'],
  ['7', 'RBAC: access denied', 'unknown refused'],
  ['2', 'RBAC: access denied', 'failed grpc-2'],
  ['14', 'io exception', 'failed grpc-14'],
  ['14', 'no healthy upstream', 'unknown unreachable'],
  ['14', `${reset} connection termination`, 'unknown unreachable'],
  ['14', `${reset} remote reset`, 'failed grpc-14'],
  ['4', 'upstream request timeout', 'failed grpc-4'],
  [undefined, '', 'failed grpc-2'],
  ['', '', 'failed grpc-2'],
  ['secret', '', 'failed grpc-2'],
  ['17', '', 'failed grpc-2'],
];

for (const [status, message, expected] of grpc)
  test(`grpc-status ${status} ${message} is ${expected}, in trailers and in headers`, (t) => {
    const fields: Record<string, string> = { 'grpc-message': message };
    if (status !== undefined) fields['grpc-status'] = status;
    const body = new Uint8Array();
    t.is(toText(judgeReply({ status: 200, headers: {}, trailers: fields, body }, 'grpc')), expected);
    t.is(toText(judgeReply({ status: 200, headers: fields, trailers: {}, body }, 'grpc')), expected);
  });

test('a gRPC call that HTTP answers is judged by its status', (t) => {
  const toReply = (status: number, text: string) => ({
    status,
    headers: {},
    trailers: {},
    body: new TextEncoder().encode(text),
  });
  t.is(toText(judgeReply(toReply(503, 'no healthy upstream'), 'grpc')), 'unknown unreachable');
  t.is(toText(judgeReply(toReply(403, 'RBAC: access denied'), 'grpc')), 'unknown refused');
  t.is(toText(judgeReply(toReply(404, ''), 'grpc')), 'failed http-404');
});

test('the trailers count where headers name a status too', (t) => {
  const reply = {
    status: 200,
    headers: { 'grpc-status': '0' },
    trailers: { 'grpc-status': '13' },
    body: new Uint8Array(),
  };
  t.is(toText(judgeReply(reply, 'grpc')), 'failed grpc-13');
});

function toText(judgement: ReturnType<typeof judgeReply>): string {
  return judgement.is === 'answered' ? 'answered' : `${judgement.is} ${judgement.code}`;
}
