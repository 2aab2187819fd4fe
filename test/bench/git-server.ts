/** The git server of tests, in a process of its own: `node test/bench/git-server.ts FOLDER`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startGitServer } from '../../src/demo/fakes/git-server.ts';

if (import.meta.main) {
  const server = await startGitServer({ root: process.argv[2] ?? '' });
  process.stdout.write(`${server.url('')}\n`);
  process.stdin.resume();
  await once(process.stdin, 'end');
  await server.close();
}

/** Serves the repositories of a folder until it is stopped. @returns the address, with a slash at its end. */
export async function serveFolder(root: string): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const server = spawn(process.execPath, [import.meta.filename, root], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [address] = await once(server.stdout, 'data');
  return {
    url: `${address}`.trim(),
    stop: async () => {
      server.stdin.end();
      await once(server, 'exit');
    },
  };
}
