/** The installed git, run for what it knows of a repository. It takes no lock, and asks nobody anything. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Environment } from './argocd-environment.ts';

/** Variables by which git would look at another repository. */
const elsewhere = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_CONFIG'];

const quiet = { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' };

/**
 * @param folder the work tree's root.
 * @returns what git prints; undefined when it is not installed, or fails.
 */
export async function askGit(
  folder: string,
  words: readonly string[],
  environment: Environment,
): Promise<string | undefined> {
  const kept = Object.entries(environment).filter(([name]) => !elsewhere.includes(name));
  const env = { ...Object.fromEntries(kept), ...quiet };
  const child = spawn('git', ['-C', folder, ...words], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  try {
    const [code] = await once(child, 'close');
    return code === 0 ? Buffer.concat(output).toString('utf8') : undefined;
  } catch {
    return undefined;
  }
}
