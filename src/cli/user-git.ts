import { resolve } from 'node:path';
import { isFolder, toRealFolder } from '../io/files/folder-tree.ts';
import { Git } from '../io/git-cli/git.ts';
import type { Host } from './host.ts';

/**
 * The git of the person who runs a command.
 *
 * @param mayAsk whether git, ssh and gpg may ask the person: they do so at the terminal, wherever the output goes.
 */
export function toGit(
  folder: string,
  { environment, isTerminal, workingDirectory }: Pick<Host, 'environment' | 'isTerminal' | 'workingDirectory'>,
  mayAsk = true,
): Git {
  const named = resolve(workingDirectory, environment['GIT_DIR'] || '.git');
  return new Git(folder, {
    environment,
    canAsk: mayAsk && isTerminal(2),
    isNamed: isFolder(named) && toRealFolder(named) === folder,
  });
}
