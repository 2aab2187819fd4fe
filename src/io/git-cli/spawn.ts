/** The one place where git is started. Never through a shell: a name is a name, whatever is in it. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Environment } from '../argocd-environment.ts';

export interface SpawnOptions {
  readonly environment: Environment;
  /** The working directory; absent: this process's own. */
  readonly folder?: string;
  /** In a session and a group of its own: without a terminal, and ended with all that it started by its group. */
  readonly isApart?: boolean;
}

/** A git that has begun; whether it could be started is told by its events. */
export function spawnGit(
  words: readonly string[],
  { environment, folder, isApart = false }: SpawnOptions,
): ChildProcessWithoutNullStreams {
  const child = spawn('git', words, { env: environment, cwd: folder, detached: isApart, stdio: 'pipe' });
  // It may have seen enough before it has read all.
  child.stdin.on('error', () => {});
  return child;
}
