import type { Command } from 'commander';
import { Option } from 'commander';
import { defaultThreshold } from '../../core/change/risk.ts';
import type { Host } from '../host.ts';
import type { DiffFlags } from './flags.ts';

export function addDiff(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('diff [base] [head]')
    .description('what a pull request does to each model, what to look at twice, and the objects that change')
    .addOption(
      new Option('-o, --output <format>', 'for people, as a comment on a git host, or for programs')
        .choices(['text', 'markdown', 'json'])
        .default('text'),
    )
    .option('--path <folder>', 'compare the models there and below', '.')
    .option('--exit-code', 'end with 1 when something changes')
    .option(
      '--threshold <percent>',
      'up to what mirrorPercentage a mirror is opened or raised without being called a risk',
      String(defaultThreshold),
    )
    .option('--assume-ready', 'preview: render both as if every candidate were ready')
    .option('--namespace <name>', 'for models that name none')
    .option('--cluster <name>', 'read status.<name>.yaml in place of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addHelpText(
      'after',
      `
Both are revisions of git: branches, tags, commits. Without HEAD it is the work tree; without BASE, the
commit at which the work tree's branch left the default branch. main...HEAD is the same for main.

Example: what this branch changes, and the same as a comment for the pull request
  $ model-mirror diff
  $ model-mirror diff origin/main...HEAD --output markdown`,
    )
    .action(async (base: string | undefined, head: string | undefined, flags: DiffFlags) =>
      finish(await (await import('./run.ts')).runDiff(base, head, flags, host)),
    );
}
