/** The one place where git is started. Never through a shell: a name is a name, whatever is in it. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Hold } from '../../core/ports/clone.ts';
import type { Environment } from '../process/argocd-environment.ts';

export interface SpawnOptions {
  readonly environment: Environment;
  /** The working directory; absent: this process's own. */
  readonly folder?: string;
  /** In a session and a group of its own: without a terminal, and ended with all that it started by its group. */
  readonly isApart?: boolean;
}

/** Starts git; its events report whether it could be started. */
export function spawnGit(
  words: readonly string[],
  { environment, folder, isApart = false }: SpawnOptions,
): ChildProcessWithoutNullStreams {
  // Before it starts: it may run, and be heard of, when this process does not yet.
  if (running.size === 0) for (const signal of endings) process.prependListener(signal, endAll);
  const child = spawn('git', words, { env: environment, cwd: folder, detached: isApart, stdio: 'pipe' });
  running.set(child, isApart);
  // It may have seen enough before it has read all.
  child.stdin.on('error', () => {});
  // It closes after an error too.
  child.on('error', () => {});
  child.once('close', () => {
    running.delete(child);
    if (running.size === 0) for (const signal of endings) process.removeListener(signal, endAll);
  });
  return child;
}

/** Ends it, with all that it has started where it is apart. */
export function endGit(child: ChildProcessWithoutNullStreams, isApart: boolean, signal?: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (isApart) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It has ended meanwhile.
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
/** What runs, and whether it is apart. */
const running = new Map<ChildProcessWithoutNullStreams, boolean>();

/**
 * Ctrl-C reaches the terminal's own group alone, and what is sent to a process that one. Heard first, since others may
 * listen once and be gone.
 */
function endAll(signal: NodeJS.Signals): void {
  for (const [child, isApart] of running) endGit(child, isApart, isApart ? undefined : signal);
  if (process.listenerCount(signal) > 1) return;
  // Nobody else listens: it ends this process, as it would without a listener.
  for (const one of endings) process.removeListener(one, endAll);
  process.kill(process.pid, signal);
}
