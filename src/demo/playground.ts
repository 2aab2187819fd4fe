/** Where a person plays: an empty folder, our command on the PATH, and what the commands of the tutorial need. */
import { once } from 'node:events';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFiles } from '../io/files/work-folder.ts';
import { spawnGit } from '../io/git-cli/spawn.ts';
import type { Environment } from '../io/process/argocd-environment.ts';
import type { Stage } from './stage.ts';

interface Person {
  readonly environment: Environment;
  /** What starts the built command line. */
  readonly program: readonly string[];
}

/**
 * @param folder gets `play`, where the person is to go, and `bin`.
 * @returns variables to export, as a shell reads them between double quotes.
 */
export async function makePlayground(
  folder: string,
  { environment, program }: Person,
  { url, kubeconfig }: Stage,
): Promise<Readonly<Record<string, string>>> {
  mkdirSync(join(folder, 'play'));
  const bin = join(folder, 'bin');
  const command = join(bin, 'model-mirror');
  writeFiles(bin, { 'model-mirror': `#!/bin/sh\nexec ${program.map((word) => `'${word}'`).join(' ')} "$@"\n` });
  chmodSync(command, 0o755);
  return {
    PATH: `${bin}:$PATH`,
    KUBECONFIG: kubeconfig,
    REPOSITORY: url,
    ...((await hasIdentity(folder, environment)) ? {} : somebody),
  };
}

const somebody = {
  GIT_AUTHOR_NAME: 'You',
  GIT_AUTHOR_EMAIL: 'you@example.com',
  GIT_COMMITTER_NAME: 'You',
  GIT_COMMITTER_EMAIL: 'you@example.com',
};

/** Whether the person's git knows whose commits it makes. */
async function hasIdentity(folder: string, environment: Environment): Promise<boolean> {
  const child = spawnGit(['var', 'GIT_COMMITTER_IDENT'], { environment, folder });
  child.stdin.end();
  child.stdout.resume();
  child.stderr.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  return code === 0;
}
