import { Command } from 'commander';
import type { Host } from '../host.ts';

/** @param addAll adds every command, also this one: all of them are completed. */
export function addCompletion(program: Command, host: Host, addAll: (program: Command) => void): void {
  program
    .command('completion <shell>')
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
      const all = new Command('model-mirror').version(host.version);
      addAll(all);
      (await import('./run.ts')).runCompletion(shell, all, host);
    });
}
