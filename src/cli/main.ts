/** The command line: which commands there are, and what their outcome is as an exit code. */
import { Command, CommanderError } from 'commander';
import { exitCodes, isFault } from '../core/diagnostics/fault.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { mask, maskLine } from '../core/diagnostics/safe-text.ts';
import { addAnalysis } from './analysis/command.ts';
import { addBrake } from './brake/command.ts';
import { withName } from './called-as.ts';
import { addCandidate } from './candidate/command.ts';
import { addCarry } from './carry/command.ts';
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
import { addRollback } from './rollback/command.ts';
import { addSchema } from './schema/command.ts';
import { addStatus } from './status/command.ts';
import { toUsageError } from './usage-error.ts';
import { addValidate } from './validate/command.ts';
import { addWatch } from './watch/command.ts';

type Add = (program: Command, host: Host, finish: (code: number) => void) => void;

/** The commands by what people want to do, as the help lists them. */
const groups: Readonly<Record<string, Readonly<Record<string, Add>>>> = {
  'Look at rollouts': { status: addStatus, explain: addExplain, history: addHistory },
  'Change a rollout': {
    init: addInit,
    candidate: addCandidate,
    mirror: addMirror,
    brake: addBrake,
    promote: addPromote,
    discard: addDiscard,
    rollback: addRollback,
    carry: addCarry,
  },
  'Judge a candidate and its mirror': { analysis: addAnalysis, doctor: addDoctor },
  'Check the files and a pull request': {
    validate: addValidate,
    diff: addDiff,
    comment: addComment,
    render: addRender,
  },
  'Run in the cluster': { watch: addWatch, compare: addCompare, parameters: addParameters },
  'Set up and try': {
    demo: addDemo,
    schema: addSchema,
    completion: (program, host, finish) =>
      addCompletion(program, host, () => {
        // Shells complete what the scripts were made for.
        const all = toProgram(host, undefined);
        addCommands(all, host, finish);
        return all;
      }),
  },
};

/** @returns the exit code: 0 fine, 1 problems or differences, 2 usage, 3 the environment, 70 a bug. */
export async function main(words: readonly string[], host: Host): Promise<number> {
  let code: number = exitCodes.fine;
  const finish = (outcome: number) => {
    code = outcome;
  };
  const program = toProgram(host, host.calledAs);
  addCommands(program, host, finish, words[0]);
  try {
    // The letter of 0.1.0.
    await program.parseAsync(words[0] === '-V' ? ['--version'] : words, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      const usage = toUsageError(error, program, words);
      if (usage !== undefined) writeError(host, usage);
      return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    }
    if (isFault(error)) {
      writeError(host, error);
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

/** The program, without its commands. */
function toProgram(host: Host, calledAs: string | undefined): Command {
  return (
    new Command(calledAs ?? 'model-mirror')
      .description('Mirrored rollouts of KServe models through git')
      .version(host.version, '-v, --version', 'print the version')
      .helpOption('-h, --help', 'show this help')
      .configureHelp({ subcommandTerm: toTerm })
      .addHelpText(
        'after',
        `
Example: check the files, and see what would be applied
  $ model-mirror validate && model-mirror render

Each command has its own --help, with an example.`,
      )
      // A flag after a command that does not exist is not the program's own.
      .passThroughOptions()
      .showSuggestionAfterError(false)
      .exitOverride()
      .configureOutput({
        writeOut: (text) => host.write(1, [calledAs === undefined ? text : withName(text, calledAs)]),
        writeErr: (text) => host.write(2, [text]),
        // Shown as all errors are, once it is thrown.
        outputError: () => undefined,
      })
  );
}

/** @param called only this command if there is one of that name: setting up each takes a part of a millisecond. */
function addCommands(program: Command, host: Host, finish: (code: number) => void, called?: string): void {
  const all = Object.entries(groups).flatMap(([group, commands]) =>
    Object.entries(commands).map(([name, add]) => ({ group, name, add })),
  );
  const one = all.filter(({ name }) => name === called);
  for (const { group, add } of one.length > 0 ? one : all) {
    program.commandsGroup(`${group}:`);
    add(program, host, finish);
  }
  program.helpCommand('help [command]', 'show the help of a command');
}

/** Nearly all commands have flags: naming them would only push the descriptions to the right. */
function toTerm(command: Command): string {
  const places = command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`));
  return [command.name(), ...places].join(' ');
}

function writeError(host: Host, { message, hint }: { readonly message: SafeText; readonly hint: SafeText }): void {
  host.write(2, [`model-mirror: ${message}\n    ${hint}\n`]);
}

/** The message is on one line, as it may have come from anywhere; the lines of the stack are Node's. */
function toTrace(error: unknown): SafeText[] {
  if (!(error instanceof Error)) return [maskLine(String(error))];
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return [maskLine(`${error.name}: ${error.message}`), ...frames.map(mask)];
}
