import type { Command } from 'commander';
import type { Host } from '../host.ts';

export function addDemo(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('demo')
    .description('play the tutorial of a mirrored rollout in a temporary git repository')
    .option('--keep', 'keep the repository, to look at it')
    .addHelpText(
      'after',
      `
Example: play it, and keep the commits
  $ model-mirror demo --keep`,
    )
    .action(async (flags: { keep?: boolean }) => finish(await (await import('./run.ts')).runDemo(flags, host)));
}
