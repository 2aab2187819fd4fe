import { resolve } from 'node:path';
import { isFolder, toRealFolder } from '../io/files/folder-tree.ts';
import { Git } from '../io/git-cli/git.ts';
import type { Host } from './host.ts';

/** The git of the person who runs a command; it may ask them where they sit at a terminal. */
export function toGit(
  folder: string,
  { environment, terminal, workingDirectory }: Pick<Host, 'environment' | 'terminal' | 'workingDirectory'>,
): Git {
  const named = resolve(workingDirectory, environment['GIT_DIR'] || '.git');
  return new Git(folder, {
    environment,
    canAsk: terminal !== undefined,
    isNamed: isFolder(named) && toRealFolder(named) === folder,
  });
}
