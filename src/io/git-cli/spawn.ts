/** The one place that starts git. It never uses a shell, so that no character of a name has a special meaning. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Hold } from '../../core/ports/clone.ts';
import type { Environment } from '../process/argocd-environment.ts';

export interface SpawnOptions {
  /** One of git's own programs, by its path; absent: git. */
  readonly program?: string;
  readonly environment: Environment;
  /** The working directory; absent: that of this process. */
  readonly folder?: string;
  /** Whether it runs in a session of its own: it has no terminal, and whatever it starts can be ended with it. */
  readonly isApart?: boolean;
}

/** Starts git; its events report whether it could be started. */
export function spawnGit(
  words: readonly string[],
  { program = 'git', environment, folder, isApart = false }: SpawnOptions,
): ChildProcessWithoutNullStreams {
  // First, since git may already run before `spawn` returns.
  if (running.size === 0) for (const signal of endings) process.prependListener(signal, endAll);
  const child = spawn(program, words, { env: environment, cwd: folder, detached: isApart, stdio: 'pipe' });
  running.set(child, isApart);
  // Git may end before it has read all of its input.
  child.stdin.on('error', () => {});
  // `close` follows.
  child.on('error', () => {});
  child.once('close', () => {
    running.delete(child);
    if (running.size === 0) for (const signal of endings) process.removeListener(signal, endAll);
  });
  return child;
}

/** Ends git, and what it has started if it is apart. */
export function endGit(child: ChildProcessWithoutNullStreams, isApart: boolean, signal?: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (isApart) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It has ended already.
  }
}

export function holdInterrupts(): Hold {
  const held = { isInterrupted: false };
  if (holds.size === 0) for (const signal of endings) process.on(signal, interruptHolds);
  holds.add(held);
  return {
    isInterrupted: () => held.isInterrupted,
    release: () => {
      holds.delete(held);
      if (holds.size === 0) for (const signal of endings) process.removeListener(signal, interruptHolds);
    },
  };
}

const holds = new Set<{ isInterrupted: boolean }>();

function interruptHolds(): void {
  for (const held of holds) held.isInterrupted = true;
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** The running processes, and whether each is apart. */
const running = new Map<ChildProcessWithoutNullStreams, boolean>();

/**
 * Ctrl-C reaches only the terminal's own process group, and a signal that is sent to this process reaches only this
 * process. This listener comes first, since others may remove themselves.
 */
function endAll(signal: NodeJS.Signals): void {
  for (const [child, isApart] of running) endGit(child, isApart, isApart ? undefined : signal);
  if (process.listenerCount(signal) > 1) return;
  // Without other listeners, the signal ends this process as if there were none.
  for (const one of endings) process.removeListener(one, endAll);
  process.kill(process.pid, signal);
}
