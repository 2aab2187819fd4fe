/** The command line: which commands there are, and what their outcome is as an exit code. */
import { Command, CommanderError } from 'commander';
import { exitCodes, isFault } from '../core/diagnostics/fault.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, maskLine } from '../core/diagnostics/safe-text.ts';
import { addCandidate } from './candidate.ts';
import { addComment } from './comment.ts';
import { addDiff } from './diff.ts';
import { addDiscard } from './discard.ts';
import { addExplain } from './explain.ts';
import { addHistory } from './history.ts';
import type { Host } from './host.ts';
import { addInit } from './init.ts';
import { addMirror } from './mirror.ts';
import { addParameters } from './parameters.ts';
import { addPromote } from './promote.ts';
import { addRender } from './render.ts';
import { addStatus } from './status.ts';
import { addValidate } from './validate.ts';
import { addWatch } from './watch-command.ts';

const commands = {
  render: addRender,
  validate: addValidate,
  init: addInit,
  diff: addDiff,
  comment: addComment,
  candidate: addCandidate,
  mirror: addMirror,
  promote: addPromote,
  discard: addDiscard,
  status: addStatus,
  explain: addExplain,
  parameters: addParameters,
  schema: addSchema,
  completion: addCompletion,
  history: addHistory,
  watch: addWatch,
  demo: addDemo,
};

/** @returns the exit code: 0 fine, 1 problems or differences, 2 usage, 3 the environment, 70 a bug. */
export async function main(words: readonly string[], host: Host): Promise<number> {
  let code: number = exitCodes.fine;
  const finish = (outcome: number) => {
    code = outcome;
  };
  const program = new Command('model-mirror')
    .description('Mirrored rollouts of KServe models through git')
    .version(host.version)
    .addHelpText(
      'after',
      `
Example: check the files, and see what would be applied
  $ model-mirror validate && model-mirror render

Each command has its own --help, with an example.`,
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.write(1, [text]),
      writeErr: (text) => host.write(2, [withoutForeign(text, words)]),
    });
  // Setting up a command takes a part of a millisecond: all of them only for help and suggestions.
  const called = Object.entries(commands).filter(([name]) => name === words[0]);
  for (const [, add] of called.length > 0 ? called : Object.entries(commands)) add(program, host, finish);
  try {
    await program.parseAsync(words, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    if (isFault(error)) {
      host.write(2, [`model-mirror: ${error.message}\n    ${error.hint}\n`]);
      return exitCodes[error.code];
    }
    host.write(2, [`model-mirror: this is a bug in model-mirror ${host.version}, please report it\n`]);
    host.write(
      2,
      toTrace(error).map((line) => `${line}\n`),
    );
    return exitCodes.bug;
  }
}

/** Commander quotes what was typed as it is: scripts pass on what they were given. */
function withoutForeign(text: string, words: readonly string[]): string {
  const typed = words.flatMap((word) => [word, word.slice(word.indexOf('=') + 1)]);
  const shown = typed.reduce((rest, word) => (word === '' ? rest : rest.replaceAll(word, () => mask(word))), text);
  return shown.split('\n').map(mask).join('\n');
}

/** The message is on one line, as it may have come from anywhere; the lines of the stack are Node's. */
function toTrace(error: unknown): SafeText[] {
  if (!(error instanceof Error)) return [maskLine(String(error))];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return [maskLine(`${error.name}: ${error.message}`), ...frames.map(mask)];
}

function addSchema(program: Command, host: Host): void {
  program
    .command('schema [kind]')
    .description('print the JSON Schema of Model, MirrorPolicy or ModelStatus, or of whichever a file is')
    .addHelpText(
      'after',
      `
Example: let the editor complete and explain every field
  $ model-mirror schema Model > model.schema.json
  and as the first line of model.yaml: # yaml-language-server: $schema=./model.schema.json`,
    )
    .action(async (kind: string | undefined) => (await import('./schema.ts')).runSchema(kind, host));
}

function addCompletion(program: Command, host: Host, finish: (code: number) => void): void {
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
      for (const add of Object.values(commands)) add(all, host, finish);
      (await import('./completion.ts')).runCompletion(shell, all, host);
    });
}

function addDemo(program: Command, host: Host, finish: (code: number) => void): void {
  program
    .command('demo')
    .description('play the tutorial of a mirrored rollout in a temporary git repository')
    .option('--keep', 'leave the repository for a look')
    .addHelpText(
      'after',
      `
Example: play it, and read the commits afterwards
  $ model-mirror demo --keep`,
    )
    .action(async (flags: { keep?: boolean }) => finish(await (await import('./demo.ts')).runDemo(flags, host)));
}
