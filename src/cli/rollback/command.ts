import type { Command } from 'commander';
import type { EditFlags } from '../edit/flags.ts';
import { addEditFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';

export function addRollback(program: Command, host: Host, finish: (code: number) => void): void {
  addEditFlags(
    program
      .command('rollback <model>')
      .summary('make the version before the last promotion the primary again')
      .description('undo the last promotion: make the version that was the primary before it the primary again'),
  )
    .addHelpText(
      'after',
      `
The version is found in git's history of the model file, and its whole entry is restored. The InferenceService of the
primary keeps its name, and serves what it has loaded until it has loaded that version. The version that was promoted is
not mirrored: candidate set tries it again. A second rollback undoes the promotion before.

Example: look at it, then undo the last promotion
  $ model-mirror rollback wisdom --dry-run
  $ model-mirror rollback wisdom --commit --push`,
    )
    .action(async (model: string, flags: EditFlags) =>
      finish(await (await import('./run.ts')).runRollback(model, flags, host)),
    );
}
