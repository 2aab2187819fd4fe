import type { Command } from 'commander';
import type { PromoteFlags } from '../edit/flags.ts';
import { addEditFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';

export function addPromote(program: Command, host: Host, finish: (code: number) => void): void {
  addEditFlags(
    program
      .command('promote <model>')
      .summary('make the candidate the primary')
      .description('make the candidate the primary, if the status file reports it as Ready')
      .option('--force', 'promote it even if it is not known to be Ready'),
  )
    .addHelpText(
      'after',
      `
Example: preview the change, then commit it
  $ model-mirror promote wisdom --dry-run
  $ model-mirror promote wisdom --commit`,
    )
    .action(async (model: string, flags: PromoteFlags) =>
      finish(await (await import('./run.ts')).runPromote(model, flags, host)),
    );
}
