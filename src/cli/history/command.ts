import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { HistoryFlags } from './flags.ts';

export function addHistory(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('history <model>')
    .description(
      'the story of a model out of git: who changed what, when its mirror opened and closed, how long it took',
    )
    .addOption(
      new Option('-o, --output <format>', 'for people, for programs, or one page with a timeline')
        .choices(['text', 'json', 'html'])
        .default('text'),
    )
    .option('--since <when>', 'start at this date (2026-11-01, in UTC) or at this commit')
    .option('--limit <count>', 'show at most this many commits, the latest ones')
    .option('--revision <name>', 'the history of this commit, for example origin/main', 'HEAD')
    .option('--path <folder>', 'look for the model there and below', '.')
    .option('--namespace <name>', 'for models that name none')
    .option('--cluster <name>', 'read status.<name>.yaml in place of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addHelpText(
      'after',
      `
It follows the branch's own commits (the first parents): what was merged counts from the merge on, as that is when
Argo CD saw it.

Example: read it, or look at it
  $ model-mirror history wisdom
  $ model-mirror history wisdom --output html > wisdom.html`,
    )
    .action(async (model: string, flags: HistoryFlags) =>
      finish(await (await import('./run.ts')).runHistory(model, flags, host)),
    );
}
