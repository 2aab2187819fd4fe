/** The branch `main` of a repository, all of its files, as a watcher with the default names reads and writes it. */
import type { GitTransport } from '../../../src/core/ports/git-transport.ts';
import type { BranchOptions } from '../../../src/io/git/branch.ts';
import { GitBranch } from '../../../src/io/git/branch.ts';

const person = { name: 'model-mirror watcher', email: 'watcher@example.com' };
const fixedClock = { date: () => 1_700_000_000 };

export function openWholeBranch(transport: GitTransport, clock: BranchOptions['clock'] = fixedClock): GitBranch {
  return new GitBranch({
    transport,
    branch: 'main',
    path: '.',
    isWanted: () => true,
    author: person,
    committer: person,
    clock,
  });
}
