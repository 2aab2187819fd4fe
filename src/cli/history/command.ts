import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import type { HistoryFlags } from './flags.ts';

export function addHistory(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('history <model>')
    .summary('the timeline of a model from git')
    .description(
      'show the timeline of a model from git: who changed what, when its mirror opened and closed, and how long it took',
    )
    .addOption(
      new Option('-o, --output <format>', 'for a terminal, programs, or as one page with a picture')
        .choices(['text', 'json', 'html'])
        .default('text'),
    )
    .option('--since <when>', 'start then: yesterday, "2 days ago", 2026-11-01 (in UTC), or a commit')
    .option('--limit <count>', 'show only the latest commits, at most this many')
    .option('--revision <name>', 'follow the history of this revision, for example origin/main', 'HEAD')
    .option('--path <folder>', 'look for the model in and below this folder', '.')
    .option('--namespace <name>', 'the namespace of models that name none')
    .option('--cluster <name>', 'read status.<name>.yaml instead of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies count; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addHelpText(
      'after',
      `
It follows the first parents, that is, the commits of the branch itself: a merged change counts from the merge, when
Argo CD got it.

Example: read the timeline, or open it in a browser
  $ model-mirror history wisdom --since yesterday
  $ model-mirror history wisdom --output html > wisdom.html`,
    )
    .action(async (model: string, flags: HistoryFlags) =>
      finish(await (await import('./run.ts')).runHistory(model, flags, host)),
    );
}
