import type { Command } from 'commander';
import { Option } from 'commander';
import type { ExplainFlags } from './glance-flags.ts';
import type { Host } from './host.ts';

export function addExplain(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('explain <model>')
    .description('which file set what for a model, why its mirror is open or closed, and what to do next')
    .option('--path <folder>', 'look for the model there and below', '.')
    .option('--all', 'show the fields that have their defaults too')
    .addOption(
      new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
    )
    .option('--namespace <name>', 'where a model is that names none; default: where its status file says')
    .option('--cluster <name>', 'read status.<name>.yaml in place of status.yaml')
    .option('--root <folder>', "the outermost folder whose policies hold; default: the repository's root")
    .option('--repo-root <folder>', "the repository's root; default: the nearest folder with a .git")
    .addHelpText(
      'after',
      `
Example: find out who set the percentage, and why nothing is mirrored
  $ model-mirror explain wisdom`,
    )
    .action(async (model: string, flags: ExplainFlags) =>
      finish((await import('./glance.ts')).runExplain(model, flags, host)),
    );
}
