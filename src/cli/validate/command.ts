import type { Command } from 'commander';
import { Option } from 'commander';
import type { Host } from '../host.ts';
import { addInputFlags } from '../render/flags.ts';
import type { ValidateFlags } from './run.ts';
import { runValidate } from './run.ts';

export function addValidate(program: Command, host: Host, finish: (code: number) => void): void {
  addInputFlags(
    program
      .command('validate [dir]')
      .summary('check all models and policies')
      .description('check all models and policies below a folder'),
  )
    .addOption(
      new Option(
        '-o, --output <format>',
        'text for people, JSON for programs, GitHub annotations, or a GitLab code quality report',
      )
        .choices(['text', 'json', 'github', 'gitlab'])
        .default('text'),
    )
    .option('--revision <name>', 'check the files of this commit; works without a work tree')
    .addHelpText(
      'after',
      `
Example: as a step of a GitHub workflow
  $ model-mirror validate --output github

Example: in a hook of a bare repository, before a push is accepted
  $ model-mirror validate --revision "$new"`,
    )
    .action(async (directory: string | undefined, flags: ValidateFlags) =>
      finish(await runValidate(directory ?? '.', flags, host)),
    );
}
