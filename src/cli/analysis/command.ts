import type { Command } from 'commander';
import { addEditFlags } from '../edit/flags.ts';
import type { Host } from '../host.ts';
import type { AnalysisFlags } from './flags.ts';

export function addAnalysis(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('analysis <model>')
    .description('show how the candidate is judged, compute verdicts in git again, or have the judgement begin again')
    .option('--verify [revision]', 'compute every verdict in the history of this revision again; default: HEAD')
    .option('--reset', 'have the judgement begin again: its mirror opens as if nothing had been decided')
    .option('--namespace <name>', 'the namespace of models that name none');
  addEditFlags(command)
    .addHelpText(
      'after',
      `
--dry-run, --commit, --branch and --push go with --reset. It exits with 1 if a verdict does not follow from its numbers.

Example: how is it judged, and did all verdicts so far follow from their numbers?
  $ model-mirror analysis wisdom
  $ model-mirror analysis wisdom --verify origin/main`,
    )
    .action(async (model: string, flags: AnalysisFlags) =>
      finish(await (await import('./run.ts')).runAnalysis(model, flags, host)),
    );
}
