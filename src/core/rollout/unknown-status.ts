/** Models under `limits` without a status file: nobody can say whether their primary is a promotion that is not allowed yet. */
import type { Problem } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import { toProblem } from '../input/parse-document.ts';
import type { ModelStatus } from '../input/schema.ts';
import { locate } from '../input/yaml-place.ts';
import type { Rollout } from './rollout.ts';

interface Observed {
  readonly rollout: Rollout;
  readonly status: ModelStatus | undefined;
  /** Where the status file would be. */
  readonly statusPath: string;
}

/** Whether a policy has a limit on promotions. */
export function isLimited({ rollout: { policy } }: Pick<Observed, 'rollout'>): boolean {
  return policy.requireAnalysis.length > 0 || policy.minMirrorTime !== undefined;
}

/** @param branch on which the status files are; undefined: none is known. */
export function findUnknown(rollouts: readonly Observed[], branch: SafeText | undefined): Problem[] {
  return rollouts.flatMap((one) => {
    const { policy, file, primary } = one.rollout;
    const [origin = policy.minMirrorTime?.origin] = policy.requireAnalysis;
    if (one.status !== undefined || origin === undefined) return [];
    const { file: by, line } = locate(origin.source, origin.path);
    const there = branch === undefined ? safe`` : safe`, nor one of this model on ${branch}`;
    return toProblem(
      file.source,
      primary.path,
      {
        code: 'status-elsewhere',
        message: safe`whether ${by}:${line} allows this primary is not checked: there is no ${mask(one.statusPath)}${there}`,
        hint:
          branch === undefined
            ? safe`nothing is to do for a new model; if the watcher commits to another branch, fetch that: git fetch origin deploy:refs/remotes/origin/deploy`
            : safe`nothing is to do for a new model; otherwise run git fetch, and pass --cluster if status files have the name of one`,
      },
      { severity: 'warning' },
    );
  });
}
