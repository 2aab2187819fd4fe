/** Why a candidate is not promoted. */
import type { Problem } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import { toProblem } from '../core/input/parse-document.ts';
import type { ModelVersion } from '../core/input/schema.ts';
import type { ModelTarget } from '../core/repository/find-model.ts';
import type { MirrorReason } from '../core/rollout/gate.ts';
import type { RolloutVersion } from '../core/rollout/rollout.ts';

export function toNoCandidate({ model, source }: ModelTarget, discarded: ModelVersion | undefined): Problem {
  const gone =
    discarded === undefined ? '' : safe`: ${mask(discarded.version)} is discarded here, which is not committed`;
  return toProblem(source, ['spec'], {
    code: 'no-candidate',
    message: safe`${mask(model.metadata.name)} has no candidate to promote${gone}`,
    hint:
      discarded === undefined
        ? safe`write one with model-mirror candidate set`
        : safe`restore the file as it is at HEAD if that was a mistake`,
  });
}

interface NotReady {
  readonly reason: MirrorReason;
  readonly reasonText: SafeText;
  readonly statusPath: string;
  /** Whether the file of the work tree says that it is ready, which is not committed. */
  readonly isEdited: boolean;
  readonly cluster: string | undefined;
  /** The branch that the status file is on, where that is another. */
  readonly branch: SafeText | undefined;
  /** That were committed there; undefined: they cannot be read. */
  readonly files: FolderTree | undefined;
}

export function toNotReady(
  { source, tree }: ModelTarget,
  { declared: { version }, path }: RolloutVersion,
  { reason, reasonText, statusPath, isEdited, cluster, branch, files = tree }: NotReady,
): Problem {
  const others = files.files.filter(
    (file) => file.path !== statusPath && file.path.startsWith(statusPath.slice(0, -4)),
  );
  const cannotServe =
    reason.code === 'failing' ||
    (reason.code === 'not-ready' && (reason.state === 'Failed' || reason.state === 'Stopped'));
  return toProblem(source, path, {
    code: 'candidate-not-ready',
    message: safe`${mask(version)} is not known to be ready: ${reasonText} (${mask(statusPath)}${branch === undefined ? '' : safe` on ${branch}`})`,
    hint:
      cluster === undefined && others.length > 0
        ? safe`there is ${join(
            others.map(({ name }) => mask(name)),
            ', ',
          )}: name a cluster with --cluster, or pass --force to promote it anyway`
        : isEdited
          ? safe`only what is committed of that file counts, and it is changed here: restore it, or pass --force to promote it anyway`
          : cannotServe
            ? safe`fix it or discard it, or pass --force to promote it anyway`
            : branch !== undefined
              ? safe`${branch} counts as it was last fetched: run git fetch, remove it if no watcher writes to it any more, or pass --force to promote it anyway`
              : safe`pull the watcher's latest commit, or pass --force to promote it anyway`,
  });
}
