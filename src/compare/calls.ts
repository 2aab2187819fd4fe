/** A copy → the same request to each version. */
import type { Call, CopyHead } from '../core/ports/compare.ts';
import { toCallHeaders } from './call-headers.ts';
import type { InferencePath } from './inference-path.ts';
import { parseInferencePath } from './inference-path.ts';
import type { CallableBackend, Target } from './target.ts';

/** All of a call but the copy's body. */
export type CallHead = Omit<Call, 'body' | 'deadlineMs' | 'maxBytes'>;

export interface Calls {
  /** Without its query. */
  readonly path: string;
  readonly isGrpc: boolean;
  readonly primary: CallHead;
  readonly candidate: CallHead;
}

/** @returns undefined: it is not a prediction, or one of the versions is not for it. */
export function toCalls(head: CopyHead, target: Target): Calls | undefined {
  const isGrpc = (head.headers['content-type'] ?? '').startsWith('application/grpc');
  const question = head.path.indexOf('?');
  const path = question === -1 ? head.path : head.path.slice(0, question);
  const query = question === -1 ? '' : head.path.slice(question);
  const parsed = head.method === 'POST' ? parseInferencePath(path, isGrpc) : undefined;
  if (parsed === undefined || query.length > 512) return undefined;
  const to = (backends: readonly CallableBackend[]): CallHead | undefined => {
    for (const backend of backends) {
      const asked = toAskedPath(head, path, parsed, backend, target.model);
      if (asked === undefined) continue;
      const { host, port, removeHeaders, setHeaders } = backend;
      const headers = toCallHeaders(head.headers, removeHeaders, setHeaders);
      return { host, port, isGrpc, method: head.method, path: asked + query, headers };
    }
    return undefined;
  };
  const primary = to(target.primary);
  const candidate = primary && to(target.candidate);
  return candidate && { path, isGrpc, primary, candidate };
}

/**
 * The first hop has rewritten the path before it was copied, so that it names the primary where paths name versions:
 * then it is what the rewriting makes of the path that names the model.
 *
 * @returns undefined: the backend is not for this copy.
 */
function toAskedPath(
  { headers }: CopyHead,
  path: string,
  { before, name, after }: InferencePath,
  { contentType, isFor, toPath }: CallableBackend,
  model: string,
): string | undefined {
  if (contentType !== undefined && !(headers['content-type'] ?? '').startsWith(contentType)) return undefined;
  if (isFor(path)) return toPath(path);
  const original = name === undefined ? path : before + model + after;
  return isFor(original) && toPath(original) === path ? path : undefined;
}
