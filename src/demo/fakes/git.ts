/** The installed git, with a configuration and an identity that do not depend on the machine or the user. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Fault } from '../../core/diagnostics/fault.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { spawnGit } from '../../io/git-cli/spawn.ts';

export interface GitCommandOptions {
  readonly input?: string | Uint8Array;
}

/**
 * @returns the output of the command.
 *
 * @param folder where it runs.
 * @throws Error with git's error output when its exit status is not 0; Fault when git is not installed.
 */
export async function git(folder: string, words: readonly string[], options: GitCommandOptions = {}): Promise<string> {
  const child = spawnGit(words, { folder, environment: gitEnvironment() });
  const failed = new Promise<never>((_, reject) => child.once('error', (error) => reject(toStartFault(error))));
  child.stdin.end(options.input ?? '');
  const [output, errors, [code, signal]] = await Promise.race([
    Promise.all([readAll(child.stdout), readAll(child.stderr), once(child, 'close')]),
    failed,
  ]);
  if (code === 0) return output.toString('utf8');
  throw new Error(`git ${words.join(' ')} ended with ${code ?? signal}: ${errors.toString('utf8').trim()}`);
}

/** @returns the commit that a branch of a bare repository is at, without starting a process; empty when it is not there. */
export function readTip(bare: string, branch: string): string {
  try {
    return readFileSync(join(bare, 'refs/heads', branch), 'utf8').trim();
  } catch {
    return '';
  }
}

function toStartFault(error: Error): Fault {
  return new Fault('environment', safe`git cannot be started: ${mask(error.message)}`, safe`install git`, {
    cause: error,
  });
}

/** Of this process's environment only PATH. */
export function gitEnvironment(): Record<string, string> {
  const person = { NAME: 'Tester', EMAIL: 'tester@model-mirror.invalid' };
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: tmpdir(),
    LC_ALL: 'C',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_CONFIG_NOSYSTEM: '1',
    // What is pushed or fetched starts no other process that looks for garbage.
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'maintenance.auto',
    GIT_CONFIG_VALUE_0: 'false',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: person.NAME,
    GIT_AUTHOR_EMAIL: person.EMAIL,
    GIT_COMMITTER_NAME: person.NAME,
    GIT_COMMITTER_EMAIL: person.EMAIL,
  };
}

export async function readAll(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
