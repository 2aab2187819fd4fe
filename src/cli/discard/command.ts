import type { Command } from 'commander';
import type { EditFlags } from '../edit/flags.ts';
import { addEditFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';

export function addDiscard(program: Command, host: Host, finish: (code: number) => void): void {
  addEditFlags(
    program
      .command('discard <model>')
      .summary('remove the candidate')
      .description('remove the candidate from the model file'),
  )
    .addHelpText(
      'after',
      `
Example: give up a candidate
  $ model-mirror discard wisdom --commit`,
    )
    .action(async (model: string, flags: EditFlags) =>
      finish(await (await import('./run.ts')).runDiscard(model, flags, host)),
    );
}
