import type { Command } from 'commander';
import { Option } from 'commander';
import { defaultThreshold } from '../../core/change/risk.ts';
import type { Host } from '../host.ts';
import type { DiffFlags } from './flags.ts';

export function addDiff(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('diff [base] [head]')
    .summary('show what a pull request changes')
    .description('show what a pull request changes about each model, what to look at twice, and the changed objects')
    .addOption(
      new Option('-o, --output <format>', 'for a terminal, a comment on a git host, or programs')
        .choices(['text', 'markdown', 'json'])
        .default('text'),
    )
    .option('--path <folder>', 'compare the models in and below this folder', '.')
    .option('--exit-code', 'exit with 1 if anything changes')
    .option(
      '--threshold <percent>',
      'the highest mirrorPercentage that a mirror may open at or be raised to without being a risk',
      String(defaultThreshold),
    )
    .option('--assume-ready', 'preview: render both sides as if every candidate were ready')
    .option('--namespace <name>', 'the namespace of models that name none')
    .option('--cluster <name>', 'read status.<name>.yaml instead of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addHelpText(
      'after',
      `
BASE and HEAD are git revisions, such as branches, tags or commits. HEAD defaults to the work tree, and BASE to the commit
at which the current branch left the default branch. main...HEAD does the same for main.

Example: show what this branch changes, also as a comment for the pull request
  $ model-mirror diff
  $ model-mirror diff origin/main...HEAD --output markdown`,
    )
    .action(async (base: string | undefined, head: string | undefined, flags: DiffFlags) =>
      finish(await (await import('./run.ts')).runDiff(base, head, flags, host)),
    );
}
