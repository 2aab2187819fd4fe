import type { Command } from 'commander';
import type { Host } from '../host.ts';

/** @param toWhole the program with every command, also this one: all of them are completed. */
export function addCompletion(program: Command, host: Host, toWhole: () => Command): void {
  program
    .command('completion <shell>')
    .summary('print a completion script for bash, zsh or fish')
    .description('print a script by which bash, zsh or fish completes command lines')
    .addHelpText(
      'after',
      `
Example: complete commands, flags and names of models from now on
  $ model-mirror completion bash > ~/.local/share/bash-completion/completions/model-mirror
  $ model-mirror completion zsh > ~/.zfunc/_model-mirror     # a folder of fpath
  $ model-mirror completion fish > ~/.config/fish/completions/model-mirror.fish`,
    )
    .action(async (shell: string) => {
      (await import('./run.ts')).runCompletion(shell, toWhole(), host);
    });
}
