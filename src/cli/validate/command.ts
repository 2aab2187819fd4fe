import type { Command } from 'commander';
import { Option } from 'commander';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { computeHash } from '../../core/serving/digest.ts';
import { toGithubText, toGitlabText, toProblemJson } from '../../output/problem-text.ts';
import type { Host } from '../host.ts';
import type { InputFlags } from '../render/command.ts';
import { addInputFlags, readApplication } from '../render/command.ts';
import { showProblems } from '../show-problems.ts';

interface ValidateFlags extends InputFlags {
  readonly revision?: string;
  readonly output: 'text' | 'json' | 'github' | 'gitlab';
}

export function addValidate(program: Command, host: Host, finish: (code: number) => void): void {
  addInputFlags(program.command('validate [dir]').description('check all models and policies below a folder'))
    .addOption(
      new Option(
        '-o, --output <format>',
        'for people, for programs, as annotations of GitHub, or as a code quality report of GitLab',
      )
        .choices(['text', 'json', 'github', 'gitlab'])
        .default('text'),
    )
    .option('--revision <name>', 'check the files of this commit, also where there is no work tree')
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

async function runValidate(directory: string, flags: ValidateFlags, host: Host): Promise<number> {
  const { revision } = flags;
  const { application, toPath } =
    revision === undefined
      ? readApplication(directory, flags, host, { anyNamespace: true }, () => undefined)
      : await (await import('./revision.ts')).readRevision(revision, directory, flags, host);
  const { problems, models, policies } = application;
  if (flags.output === 'json') host.write(1, [toProblemJson(problems)]);
  else if (flags.output === 'github') host.write(1, [toGithubText(problems)]);
  else if (flags.output === 'gitlab') host.write(1, [toGitlabText(problems, computeHash)]);
  else {
    showProblems(problems, host, 1, toPath);
    if (problems.length === 0)
      host.write(1, [
        `${toCount(models, 'model', 'models')}, ${toCount(policies, 'policy', 'policies')}: no problems\n`,
        ...toNotes(application.rollouts, flags).map((note) => `${note}\n`),
      ]);
  }
  return hasErrors(problems) ? exitCodes.problems : exitCodes.fine;
}

/** What was not looked at, and may fail elsewhere. */
function toNotes(rollouts: readonly RenderedRollout[], flags: ValidateFlags): string[] {
  const open = rollouts.filter(({ rollout }) => rollout.file.model.metadata.namespace === undefined).length;
  if (open === 0 || flags.namespace !== undefined) return [];
  return [
    `${toCount(open, 'model names', 'models name')} no namespace: render needs --namespace, Argo CD takes its Application's`,
  ];
}

function toCount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
