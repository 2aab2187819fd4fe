import type { Command } from 'commander';
import type { ExplainFlags } from '../flags/look-flags.ts';
import { addLookFlags } from '../flags/look-flags.ts';
import type { Host } from '../host.ts';

export function addExplain(program: Command, host: Host, finish: (code: number) => void): void {
  addLookFlags(
    program
      .command('explain <model>')
      .description('which file set what for a model, why its mirror is open or closed, and what to do next')
      .option('--all', 'show the fields that have their defaults too'),
  )
    .addHelpText(
      'after',
      `
Example: find out who set the percentage, and why nothing is mirrored
  $ model-mirror explain wisdom`,
    )
    .action(async (model: string, flags: ExplainFlags) =>
      finish(await (await import('./run.ts')).runExplain(model, flags, host)),
    );
}
