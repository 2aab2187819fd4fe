/**
 * A session of any transport, as isomorphic-git wants it: the library knows HTTP alone, so it is given a made-up
 * address, and the service line that only HTTP has.
 */
import type { HttpClient } from 'isomorphic-git';
import type { GitService, GitSession } from '../../core/ports/git-transport.ts';
import { flushPacket, toPacket } from './packets.ts';

/** The path of the repository for isomorphic-git. */
export const libraryUrl = 'http://git.invalid';

/** What isomorphic-git uses of a session. */
export type LibrarySession = Pick<GitSession, 'advertisement' | 'request'>;

export function toLibraryClient(session: LibrarySession, service: GitService): HttpClient {
  const toResponse = (url: string, kind: 'advertisement' | 'result', body: AsyncIterableIterator<Uint8Array>) => ({
    url,
    statusCode: 200,
    statusMessage: 'OK',
    headers: { 'content-type': `application/x-${service}-${kind}` },
    body,
  });
  return {
    request: async ({ url, body }) => {
      if (body === undefined) return toResponse(url, 'advertisement', listRefs(session, service));
      const parts: Uint8Array[] = [];
      for await (const part of body) parts.push(part);
      return toResponse(url, 'result', iterate(session.request(Buffer.concat(parts))));
    },
  };
}

async function* listRefs({ advertisement }: LibrarySession, service: GitService): AsyncIterableIterator<Uint8Array> {
  yield Buffer.concat([toPacket(`# service=${service}\n`), flushPacket]);
  yield advertisement;
}

async function* iterate(chunks: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  yield* chunks;
}
