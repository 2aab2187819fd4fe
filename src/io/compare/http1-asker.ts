/** Asks over HTTP/1.1. */
import { Agent } from 'undici';
import type { Answer, Asker, Call, NoReply, Room } from '../../core/ports/compare.ts';
import { AnswerBody } from './answer-body.ts';
import type { Lookup } from './safe-lookup.ts';
import { refusedAddress } from './safe-lookup.ts';

/** Servers close idle connections after 5 s and more; a request that meets such a closing would count as unknown. */
const keepAliveMs = 2000;
const connectMs = 2000;

export interface ClosableAsker extends Asker {
  readonly close: () => void;
}

/** @param lookup decides which addresses may be called. */
export function createHttp1Asker(lookup: Lookup): ClosableAsker {
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    // Calls have their own deadline, for the whole of the answer.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { lookup, timeout: connectMs },
  });
  return {
    ask: (call, room, done) => ask(agent, call, room, done),
    close: () => void agent.destroy().catch(() => {}),
  };
}

function ask(agent: Agent, call: Call, room: Room, done: (answer: Answer) => void): () => void {
  const start = performance.now();
  const body = new AnswerBody(room, call.maxBytes);
  let status = 0;
  let headers: Readonly<Record<string, string>> = {};
  let isDone = false;
  let abort: ((reason: Error) => void) | undefined;
  const finish = (answer: Answer) => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    done(answer);
  };
  const stop = (is: NoReply) => {
    finish({ is, ms: performance.now() - start });
    abort?.(stopped);
  };
  const timer = setTimeout(stop, call.deadlineMs, 'deadline');
  agent.dispatch(
    {
      origin: toOrigin(call),
      path: call.path,
      method: call.method as 'POST',
      headers: call.headers,
      body: call.body.length === 0 ? null : call.body,
    },
    {
      onRequestStart: (controller) => {
        abort = (reason) => controller.abort(reason);
        if (isDone) abort(stopped);
      },
      onResponseStart: (_, code, received) => {
        // An answer in between, such as 103, is none.
        if (code < 200) return;
        status = code;
        headers = toHeaders(received);
        const trouble = body.announce(headers['content-length']);
        if (trouble !== undefined) stop(trouble);
      },
      onResponseData: (_, chunk) => {
        const trouble = isDone ? undefined : body.take(chunk);
        if (trouble !== undefined) stop(trouble);
      },
      onResponseEnd: (_, trailers) =>
        finish({
          is: 'reply',
          status,
          headers,
          trailers: toHeaders(trailers),
          body: body.bytes,
          ms: performance.now() - start,
        }),
      onResponseError: (_, error) => finish({ is: toNoReply(error, status > 0), ms: performance.now() - start }),
    },
  );
  return () => stop('cancelled');
}

const stopped = new Error('no longer wanted');
/** @param hasBegun whether anything of an answer came. */
function toNoReply(error: Error, hasBegun: boolean): NoReply {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === refusedAddress) return 'refused';
  // The parser's codes: what came is no HTTP.
  return hasBegun || code.startsWith('HPE_') ? 'broken-off' : 'unreachable';
}

function toOrigin({ host, port }: Call): string {
  return `http://${host}:${port}`;
}

function toHeaders(
  received: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(received))
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  return headers;
}
