import type { Command } from 'commander';
import { Option } from 'commander';
import { goals } from '../../core/assess/goal.ts';
import { addClusterFlags } from '../flags/cluster-flags.ts';
import { addModelFlags } from '../flags/model-flags.ts';
import type { Host } from '../host.ts';
import type { StatusFlags } from './flags.ts';

export function addStatus(program: Command, host: Host, finish: (code: number) => void): void {
  const command = addClusterFlags(
    program
      .command('status [model]')
      .summary('desired and observed state of each model')
      .description('show the desired and observed state of each model, and what to do where they differ')
      .addOption(
        new Option(
          '--fetch',
          'run git fetch for the upstream branch, and read models, policies and status files there',
        ).conflicts(['revision', 'repoRoot']),
      )
      .option('--branch <name>', 'with --fetch: read this branch of the remote instead')
      .addOption(new Option('--git-credentials <place>').hideHelp())
      .addOption(
        new Option('--revision <name>', 'read the files of this commit, such as origin/main').conflicts(['repoRoot']),
      ),
    'read the cluster instead of the status files; nothing is changed there',
  );
  addModelFlags(
    command
      .addOption(
        new Option('--differing', 'show only models whose observed state differs from the desired one').conflicts([
          'wait',
        ]),
      )
      .addOption(new Option('-w, --watch', 'keep running and show what changes').conflicts(['wait']))
      .addOption(
        new Option(
          '--wait <goal>',
          'wait until candidates are ready, until requests are mirrored to them, or (idle) until there is no candidate and the primary is ready',
        ).choices(goals),
      )
      .option('--timeout <duration>', 'with --wait: how long to wait', '10m')
      .option('--settle <duration>', 'with --wait and --live: how long the state that ends the wait must hold', '5s')
      .option('--interval <duration>', 'with --watch and --wait: how often to look; default: 2s, with --fetch 10s'),
  )
    .addHelpText(
      'after',
      `
--wait exits with 0 when the goal is reached; with 1 when it is not reached in time or cannot be reached by waiting;
with 3 when the branch or the cluster cannot be read.

Example: show all models, then wait for one candidate and promote it
  $ model-mirror status
  $ model-mirror status wisdom --fetch --wait ready --timeout 5m && git pull && model-mirror promote wisdom`,
    )
    .action(async (model: string | undefined, flags: StatusFlags) =>
      finish(await (await import('./run.ts')).runStatus(model, flags, host)),
    );
}
