import type { Command } from 'commander';
import { Option } from 'commander';
import { goals } from '../../core/assess/goal.ts';
import type { StatusFlags } from '../flags/look-flags.ts';
import { addLookFlags } from '../flags/look-flags.ts';
import type { Host } from '../host.ts';

export function addStatus(program: Command, host: Host, finish: (code: number) => void): void {
  addLookFlags(
    program
      .command('status [model]')
      .description('desired and observed state of each model, and why they differ')
      .addOption(
        new Option(
          '--fetch',
          'git fetch the branch that this one follows, and look at that: models, policies and status files',
        ).conflicts(['revision', 'repoRoot']),
      )
      .option('--branch <name>', 'with --fetch: this branch of the remote')
      .addOption(new Option('--git-credentials <place>').hideHelp())
      .addOption(
        new Option('--revision <name>', 'look at the files of this commit, as origin/main').conflicts(['repoRoot']),
      )
      .option('--live', 'look at the cluster in place of the status files; it is only read')
      .option('--kubeconfig <file>', "with --live; default: KUBECONFIG, ~/.kube/config, or the Pod's service account")
      .option('--context <name>', 'with --live: of the kubeconfig')
      .addOption(
        new Option('--differing', 'only models whose observed state differs from the desired one').conflicts(['wait']),
      )
      .addOption(new Option('-w, --watch', 'keep running, and show what changes').conflicts(['wait']))
      .addOption(
        new Option(
          '--wait <goal>',
          'until candidates are ready, or mirrored to; or (idle) there is none any more, and the primary is ready',
        ).choices(goals),
      )
      .option('--timeout <duration>', 'how long to wait', '10m')
      .option('--settle <duration>', 'with --wait and --live: how long what ends the waiting must hold', '5s')
      .option('--interval <duration>', 'how often --watch and --wait look; default: 2s, with --fetch 10s'),
  )
    .addHelpText(
      'after',
      `
--wait ends with 0 when it has come to that; with 1 when it cannot by waiting, or has not in time; with 3 when the
branch or the cluster could not be looked at.

Example: all models, then wait for one candidate and promote it
  $ model-mirror status
  $ model-mirror status wisdom --fetch --wait ready --timeout 5m && git pull && model-mirror promote wisdom`,
    )
    .action(async (model: string | undefined, flags: StatusFlags) =>
      finish(await (await import('./run.ts')).runStatus(model, flags, host)),
    );
}
