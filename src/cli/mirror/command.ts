import type { Command } from 'commander';
import { Option } from 'commander';
import type { MirrorFlags } from '../edit/flags.ts';
import { addEditFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';

export function addMirror(program: Command, host: Host, finish: (code: number) => void): void {
  addEditFlags(
    program
      .command('mirror <model> <percentage>')
      .summary('set the share that is mirrored; 0 is the brake')
      .description('set the share of requests that is mirrored to the candidate; 0 is the brake')
      .addOption(
        new Option(
          '--here',
          "write it into the policy in the model's folder, which is created if there is none",
        ).conflicts('at'),
      )
      .option('--at <file>', 'write it into this policy, which must apply to the model'),
  )
    .addHelpText(
      'after',
      `
Below 1 %, for example 0.2, the command asks for confirmation on a terminal; 0.2% with the sign needs none.

Example: stop mirroring to the candidate of one model, whatever the outer policies set
  $ model-mirror mirror wisdom 0 --here --commit --push`,
    )
    .action(async (model: string, percentage: string, flags: MirrorFlags) =>
      finish(await (await import('./run.ts')).runMirror(model, percentage, flags, host)),
    );
}
