import { spawn } from 'node:child_process';
import type { HttpClient } from 'isomorphic-git';
import { mask, safe } from '../input/safe-text.ts';
import { BranchTrouble } from '../watch/ports.ts';

/** Where isomorphic-git believes a local repository to be: it speaks HTTP alone. */
export const localUrl = 'http://local.invalid';

/**
 * A repository on this machine (`file://`), for trials: what a git server would do for a request, done
 * by the installed git.
 */
export function toLocalClient(folder: string, signal: AbortSignal): HttpClient {
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
      const output = await runGit(words, body, signal);
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

async function runGit(
  words: readonly string[],
  body: AsyncIterable<Uint8Array> | undefined,
  signal: AbortSignal,
): Promise<Buffer> {
  const child = spawn('git', words, { signal, stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const complaint: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk));
  // It may have seen enough before it has read all.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error) =>
      reject(new BranchTrouble('unreachable', safe`git cannot be started: ${mask(error.message)}`)),
    );
    child.on('close', (code) => {
      const said = Buffer.concat(complaint).toString('utf8').trim();
      if (code === 0) resolve();
      else
        reject(
          new BranchTrouble(
            'unreachable',
            safe`git ${mask(words[0] ?? '')} failed: ${mask(said.split('\n')[0] ?? '')}`,
          ),
        );
    });
  });
  for await (const chunk of body ?? []) child.stdin.write(chunk);
  child.stdin.end();
  await ended;
  return Buffer.concat(output);
}
