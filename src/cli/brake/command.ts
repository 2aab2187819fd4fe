import type { Command } from 'commander';
import type { BrakeFlags } from '../edit/flags.ts';
import { addPlaceFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';

export function addBrake(program: Command, host: Host, finish: (code: number) => void): void {
  addPlaceFlags(
    program
      .command('brake <model>')
      .summary('stop mirroring at once: commit 0 %, and push it')
      .description('stop mirroring to the candidate of a model: set its percentage to 0, commit that and push it')
      .option('--at <file>', 'write it into this policy, which must apply to the model')
      .option('--dry-run', 'show what would change, and write nothing')
      .option('--branch <name>', 'commit it on a new branch, and push that one'),
  )
    .addHelpText(
      'after',
      `
It is mirror <model> 0 --commit --push. A percentage that the model inherits is left to the other models: 0 is then written
into the policy in the model's own folder, which is created if there is none.

Example: stop it, and open it again later
  $ model-mirror brake wisdom
  $ model-mirror mirror wisdom 20 --commit --push`,
    )
    .action(async (model: string, flags: BrakeFlags) =>
      finish(await (await import('./run.ts')).runBrake(model, flags, host)),
    );
}
