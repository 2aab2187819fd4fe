import type { HttpClient } from 'isomorphic-git';
import { isFault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../core/ports/watch.ts';
import { Git } from '../git-cli/git.ts';

/** Where isomorphic-git believes a local repository to be: it speaks HTTP alone. */
export const localUrl = 'http://local.invalid';

/**
 * A repository on this machine (`file://`), for trials: what a git server would do for a request, done
 * by the installed git.
 */
export function toLocalClient(folder: string, signal: AbortSignal): HttpClient {
  // Its services take the repository as an argument, and say of any other folder that it is none.
  const git = new Git('.', { environment: process.env });
  return {
    request: async ({ url, body }) => {
      const { pathname, searchParams } = new URL(url);
      const service = searchParams.get('service') ?? pathname.slice(1);
      const isListing = pathname === '/info/refs';
      const words = [
        service.replace(/^git-/, ''),
        '--stateless-rpc',
        ...(isListing ? ['--advertise-refs'] : []),
        folder,
      ];
      const output = await runGit(git, words, await collect(body), signal);
      const line = `# service=${service}\n`;
      const greeting = `${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`;
      return {
        url,
        statusCode: 200,
        statusMessage: 'OK',
        headers: { 'content-type': `application/x-${service}-${isListing ? 'advertisement' : 'result'}` },
        body: toChunks(isListing ? [Buffer.from(greeting), output] : [output]),
      };
    },
  };
}

async function* toChunks(chunks: readonly Uint8Array[]): AsyncIterableIterator<Uint8Array> {
  yield* chunks;
}

async function collect(body: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function runGit(git: Git, words: readonly string[], input: Buffer, signal: AbortSignal): Promise<Buffer> {
  const ended = await git.run(words, { input, signal }).catch((error: unknown) => {
    throw isFault(error) ? new BranchTrouble('unreachable', error.message) : error;
  });
  if (ended.code === 0) return ended.output;
  const [said = ''] = ended.complaint.trim().split('\n');
  throw new BranchTrouble('unreachable', safe`git ${mask(words[0] ?? '')} failed: ${mask(said)}`);
}
