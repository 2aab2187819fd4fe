/** What git has of a model. */
import { isFault } from '../core/diagnostics/fault.ts';
import type { Clone } from '../core/ports/clone.ts';
import type { ModelTarget, PathNames } from '../core/repository/find-model.ts';
import type { TimelinePoint } from '../core/timeline/points.ts';
import { readPoints } from './history-points.ts';

interface PastScope {
  readonly clone: Pick<Clone, 'readPast'>;
  readonly names: PathNames;
  readonly cluster: string | undefined;
}

/**
 * @param tip a commit; undefined: HEAD.
 * @returns the model after each commit that changed it, the oldest first.
 * @throws Fault when the clone cannot be read.
 */
export function readPast(
  { file, model }: Pick<ModelTarget, 'file' | 'model'>,
  tip: string | undefined,
  { clone, names, cluster }: PastScope,
): Promise<TimelinePoint[]> {
  const { name, namespace } = model.metadata;
  return clone.readPast(file.path, async ({ history, path, part }) => {
    const scope = { part, names, cluster, namespace: undefined };
    return readPoints(tip ?? (await history.names.resolve('HEAD')), { name, namespace, path }, scope, history);
  });
}

/** The same, where a command does without: undefined outside of a repository, and where the clone cannot be read. */
export async function readPastIfAny(
  target: Pick<ModelTarget, 'file' | 'model'>,
  tip: string | undefined,
  scope: PastScope | undefined,
): Promise<TimelinePoint[] | undefined> {
  if (scope === undefined) return undefined;
  try {
    return await readPast(target, tip, scope);
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
}
