import type { Command } from 'commander';
import type { Host } from '../host.ts';
import type { CarryFlags } from './run.ts';

export function addCarry(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('carry')
    .summary('carry main to the deploy branch while the watcher is down')
    .description(
      'fetch both branches, and make the commit that carries the source branch to the deploy branch, as a watcher with ' +
        '--source-branch does',
    )
    .option('--source-branch <name>', 'the branch that people push to', 'main')
    .option('--branch <name>', 'the branch that Argo CD deploys', 'deploy')
    .option('--push', 'also push the commit')
    .option('--dry-run', 'show what would change, and make nothing')
    .option('--message-suffix <text>', 'append to the subject, for example "[skip ci]"')
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addHelpText(
      'after',
      `
Neither the work tree nor a branch of the clone changes: without --push, the commit waits to be pushed by its id.

Example: let the brake take effect while no watcher runs
  $ model-mirror carry --dry-run
  $ model-mirror carry --push`,
    )
    .action(async (flags: CarryFlags) => finish(await (await import('./run.ts')).runCarry(flags, host)));
}
