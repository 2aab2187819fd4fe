import { exitCodes } from '../../core/diagnostics/fault.ts';
import { hasErrors, sortProblems } from '../../core/diagnostics/problem.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { isLimited } from '../../core/rollout/unknown-status.ts';
import { computeHash } from '../../core/serving/digest.ts';
import { toGithubText, toGitlabText, toProblemJson } from '../../output/problem-text.ts';
import type { Host } from '../host.ts';
import type { InputFlags } from '../render/flags.ts';
import { readApplication } from '../render/read-application.ts';
import { showProblems } from '../show-problems.ts';

export interface ValidateFlags extends InputFlags {
  readonly revision?: string;
  readonly output: 'text' | 'json' | 'github' | 'gitlab';
}

/** @returns the exit code. */
export async function runValidate(directory: string, flags: ValidateFlags, host: Host): Promise<number> {
  const { revision } = flags;
  const { application, toPath } =
    revision === undefined
      ? readApplication(directory, flags, host, { anyNamespace: true }, () => undefined)
      : await (await import('./revision.ts')).readRevision(revision, directory, flags, host);
  const { models, policies, rollouts } = application;
  const problems = sortProblems([
    ...application.problems,
    ...(rollouts.some((rollout) => isLimited(rollout) || rollout.status !== undefined)
      ? await (await import('./promotions.ts')).findEarlyPromotions(rollouts, revision, directory, flags, host)
      : []),
  ]);
  if (flags.output === 'json') host.write(1, [toProblemJson(problems)]);
  else if (flags.output === 'github') host.write(1, [toGithubText(problems)]);
  else if (flags.output === 'gitlab') host.write(1, [toGitlabText(problems, computeHash)]);
  else {
    showProblems(problems, host, 1, toPath);
    if (problems.length === 0)
      host.write(1, [
        `${toCount(models, 'model', 'models')}, ${toCount(policies, 'policy', 'policies')}: no problems\n`,
        ...toNotes(rollouts, flags).map((note) => `${note}\n`),
      ]);
  }
  return hasErrors(problems) ? exitCodes.problems : exitCodes.fine;
}

/** What was not checked, and may fail elsewhere. */
function toNotes(rollouts: readonly RenderedRollout[], flags: ValidateFlags): string[] {
  const open = rollouts.filter(({ rollout }) => rollout.file.model.metadata.namespace === undefined).length;
  if (open === 0 || flags.namespace !== undefined) return [];
  return [
    `${toCount(open, 'model names', 'models name')} no namespace: render needs --namespace, and Argo CD uses the destination of the Application`,
  ];
}

function toCount(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
