import type { Command } from 'commander';
import { Option } from 'commander';
import { addEditFlags } from '../edit/flags.ts';
import { addClusterFlags } from '../flags/cluster-flags.ts';
import type { Host } from '../host.ts';
import type { AnalysisFlags } from './flags.ts';

export function addAnalysis(program: Command, host: Host, finish: (code: number) => void): void {
  const command = program
    .command('analysis <model>')
    .summary('how the candidate is judged')
    .description('show how the candidate is judged, compute verdicts in git again, or have the judgement begin again')
    .option('--verify [revision]', 'compute every verdict in the history of this revision again; default: HEAD')
    .option('--reset', 'have the judgement begin again: its mirror opens as if nothing had been decided')
    .option('--namespace <name>', 'the namespace of models that name none');
  addClusterFlags(command, "also show the watcher's live counts, through the API server; nothing is changed there")
    .option(
      '--watcher <place>',
      'also show the live counts of the watcher at this address; with --live: its Service, default: model-mirror/model-mirror-watcher',
    )
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
    );
  addEditFlags(command)
    .addHelpText(
      'after',
      `
Git has what is decided. What was counted so far, and how long it takes until it is decided, is in the watcher's memory:
--live reads it there (get on services/proxy), and so does --watcher with an address, such as one of kubectl port-forward.
The exit code is 3 when the watcher cannot be read.

--dry-run, --commit, --branch and --push go with --reset. It exits with 1 if a verdict does not follow from its numbers.

Example: how is it judged, and did all verdicts so far follow from their numbers?
  $ model-mirror analysis wisdom
  $ model-mirror analysis wisdom --verify origin/main

Example: how far is it, and how long will it take?
  $ model-mirror analysis wisdom --live
  $ kubectl port-forward -n model-mirror service/model-mirror-watcher 8080
  $ model-mirror analysis wisdom --watcher http://127.0.0.1:8080`,
    )
    .action(async (model: string, flags: AnalysisFlags) =>
      finish(await (await import('./run.ts')).runAnalysis(model, flags, host)),
    );
}
