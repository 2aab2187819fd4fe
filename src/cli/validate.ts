import type { Command } from 'commander';
import { Option } from 'commander';
import { hasErrors } from '../input/problem.ts';
import { exitCodes } from '../io/fault.ts';
import { toGithubText, toProblemJson } from '../output/problem-text.ts';
import type { Host } from './host.ts';
import type { InputFlags } from './render.ts';
import { addInputFlags, readApplication } from './render.ts';
import { showProblems } from './show-problems.ts';

interface ValidateFlags extends InputFlags {
  readonly output: 'text' | 'json' | 'github';
}

export function addValidate(program: Command, host: Host, finish: (code: number) => void): void {
  addInputFlags(program.command('validate [dir]').description('check all models and policies below a folder'))
    .addOption(
      new Option('-o, --output <format>', 'for people, for programs, or as annotations of a GitHub workflow')
        .choices(['text', 'json', 'github'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Example: as a step of a GitHub workflow
  $ model-mirror validate --output github`,
    )
    .action((directory: string | undefined, flags: ValidateFlags) =>
      finish(runValidate(directory ?? '.', flags, host)),
    );
}

function runValidate(directory: string, flags: ValidateFlags, host: Host): number {
  const { application, toPath } = readApplication(directory, flags, host, { anyNamespace: true }, () => undefined);
  const { problems, models, policies } = application;
  if (flags.output === 'json') host.write(1, [toProblemJson(problems)]);
  else if (flags.output === 'github') host.write(1, [toGithubText(problems)]);
  else {
    showProblems(problems, host, 1, toPath);
    if (problems.length === 0)
      host.write(1, [
        `${toCount(models, 'model', 'models')}, ${toCount(policies, 'policy', 'policies')}: no problems\n`,
      ]);
  }
  return hasErrors(problems) ? exitCodes.problems : exitCodes.fine;
}

function toCount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
