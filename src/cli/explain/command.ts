import type { Command } from 'commander';
import { addClusterFlags } from '../flags/cluster-flags.ts';
import { addModelFlags } from '../flags/model-flags.ts';
import type { Host } from '../host.ts';
import type { ExplainFlags } from './flags.ts';

export function addExplain(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('explain <model>')
    .summary('why the mirror is open or closed')
    .description('show which file sets which field of a model, why its mirror is open or closed, and what to do next')
    .option('--all', 'show every field, including those at their defaults');
  addModelFlags(
    addClusterFlags(command, 'also check in the cluster what keeps copies from candidates; nothing is changed there'),
  )
    .addHelpText(
      'after',
      `
Example: find out which file sets the percentage, and why nothing is mirrored
  $ model-mirror explain wisdom`,
    )
    .action(async (model: string, flags: ExplainFlags) =>
      finish(await (await import('./run.ts')).runExplain(model, flags, host)),
    );
}
