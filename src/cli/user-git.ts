import { Git } from '../io/git-cli/git.ts';
import type { Host } from './host.ts';

/** The git of the person who runs a command; it may ask them where they sit at a terminal. */
export function toGit(folder: string, { environment, terminal }: Pick<Host, 'environment' | 'terminal'>): Git {
  return new Git(folder, { environment, canAsk: terminal !== undefined });
}
