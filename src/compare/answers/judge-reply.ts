import type { Reply } from './reply.ts';

export type Judgement =
  | { readonly is: 'answered' }
  /** @param code `http-500` or `grpc-13`. */
  | { readonly is: 'failed'; readonly code: string }
  /** Whether the version would have answered is not known: a proxy before it did. */
  | { readonly is: 'unknown'; readonly code: 'refused' | 'unreachable' | 'overloaded' };

/** How Envoy's RBAC filter refuses, in a body or a `grpc-message` (envoy source/extensions/filters/http/rbac/rbac_filter.cc). */
const refusal = 'RBAC: access denied';

/**
 * How Envoy says that it got no answer (source/common/router/router.cc), and for which reasons. A reset by the version
 * itself, a broken protocol and `upstream request timeout` are not among them: there the version had the request.
 */
const noAnswer =
  /^(no healthy upstream|upstream connect error or disconnect\/reset before headers\. (retried and the latest )?reset reason: ((remote |local )?connection (failure|termination)|overflow))/;

/** Headers by which Envoy says that it forwards no more at present. */
const overloaded = ['x-envoy-overloaded', 'x-envoy-local-overloaded', 'x-envoy-ratelimited'];

const unknownStatus = 2;

const latin = new TextDecoder('latin1');

/**
 * Whether a version did its work. What refuses a call on its way, or finds nobody to hand it to, tells nothing about
 * the version: identities and networks of the comparer are not those of clients (one may be refused where the other
 * is not), and a connection that a proxy's policy resets looks like one that a crash ends. So that is unknown, as is a
 * connection that ends before any answer, of which there is no reply.
 */
export function judgeReply(reply: Reply, protocol: 'grpc' | 'http'): Judgement {
  const { status, headers, trailers } = reply;
  const grpcStatus = trailers['grpc-status'] ?? headers['grpc-status'];
  const isGrpc = protocol === 'grpc' && status === 200;
  if (isGrpc ? grpcStatus === '0' : status >= 200 && status < 400) return { is: 'answered' };
  // A gRPC answer without a status was cut off.
  const code = isGrpc ? `grpc-${toKnownStatus(grpcStatus)}` : `http-${status}`;
  const text = isGrpc
    ? (trailers['grpc-message'] ?? headers['grpc-message'] ?? '')
    : latin.decode(reply.body.subarray(0, 200));
  const isRefusal = code === 'grpc-7' || code === 'http-403';
  if (isRefusal && text.startsWith(refusal)) return { is: 'unknown', code: 'refused' };
  if (overloaded.some((name) => headers[name] !== undefined)) return { is: 'unknown', code: 'overloaded' };
  const isUnavailable = code === 'grpc-14' || code === 'http-503';
  if (isUnavailable && noAnswer.test(text)) return { is: 'unknown', code: 'unreachable' };
  return { is: 'failed', code };
}

/** Any other counts as UNKNOWN: texts of a model make no codes of their own. */
function toKnownStatus(status = ''): number {
  const code = status === '' ? unknownStatus : Number(status);
  return Number.isInteger(code) && code > 0 && code <= 16 ? code : unknownStatus;
}
