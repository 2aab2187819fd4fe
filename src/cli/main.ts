/** The command line: which commands there are, and what their outcome is as an exit code. */
import { Command, CommanderError } from 'commander';
import { exitCodes, isFault } from '../core/diagnostics/fault.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, maskLine } from '../core/diagnostics/safe-text.ts';
import { addAnalysis } from './analysis/command.ts';
import { addCandidate } from './candidate/command.ts';
import { addComment } from './comment/command.ts';
import { addCompare } from './compare/command.ts';
import { addCompletion } from './completion/command.ts';
import { addDemo } from './demo/command.ts';
import { addDiff } from './diff/command.ts';
import { addDiscard } from './discard/command.ts';
import { addDoctor } from './doctor/command.ts';
import { addExplain } from './explain/command.ts';
import { addHistory } from './history/command.ts';
import type { Host } from './host.ts';
import { addInit } from './init/command.ts';
import { addMirror } from './mirror/command.ts';
import { addParameters } from './parameters/command.ts';
import { addPromote } from './promote/command.ts';
import { addRender } from './render/command.ts';
import { addSchema } from './schema/command.ts';
import { addStatus } from './status/command.ts';
import { addValidate } from './validate/command.ts';
import { addWatch } from './watch/command.ts';

const commands: Readonly<Record<string, (program: Command, host: Host, finish: (code: number) => void) => void>> = {
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
  analysis: addAnalysis,
  doctor: addDoctor,
  parameters: addParameters,
  schema: addSchema,
  completion: (program: Command, host: Host, finish: (code: number) => void) =>
    addCompletion(program, host, (all) => {
      for (const add of Object.values(commands)) add(all, host, finish);
    }),
  history: addHistory,
  watch: addWatch,
  compare: addCompare,
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
