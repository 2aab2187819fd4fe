import type { Problem } from '../diagnostics/problem.ts';
import { sortProblems } from '../diagnostics/problem.ts';
import { mask, safe } from '../diagnostics/safe-text.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { parseStatus, toProblem } from '../input/parse-document.ts';
import type { ModelStatus } from '../input/schema.ts';

export interface LoadedStatus {
  /** Undefined when there is no status file of this model, or none that can be read. */
  readonly status: ModelStatus | undefined;
  /** Why a status file that exists is ignored. */
  readonly statusWarnings: readonly Problem[];
}

/**
 * The status of a model. A file that cannot be read, or is another model's, is a warning and closes the gate. It
 * is never an error: a status file must not stand between a person and the brake.
 *
 * @param file undefined when there is none.
 * @param model its namespace is undefined when files are checked without one.
 */
export function loadStatus(
  tree: FolderTree,
  file: FoundFile | undefined,
  model: { readonly name: string; readonly namespace: string | undefined },
): LoadedStatus {
  if (file === undefined) return { status: undefined, statusWarnings: [] };
  const source = tree.read(file);
  if ('code' in source) return { status: undefined, statusWarnings: [toBroken(source)] };
  const { value: status, problems } = parseStatus(source);
  if (status === undefined) return { status, statusWarnings: sortProblems(problems).slice(0, 1).map(toBroken) };
  const { name, namespace } = status.metadata;
  if (name === model.name && (model.namespace === undefined || namespace === model.namespace))
    return { status, statusWarnings: [] };
  const warning = toProblem(
    source,
    ['metadata', name === model.name ? 'namespace' : 'name'],
    {
      code: 'status-of-another-model',
      message: safe`the status file is ignored, and a mirror that waits for it stays closed: it is for ${mask(namespace)}/${mask(name)}, not for ${mask(model.namespace ?? '…')}/${mask(model.name)}`,
      hint: safe`the watcher rewrites it; after a move or a copy, delete it`,
    },
    { on: 'value', severity: 'warning' },
  );
  return { status: undefined, statusWarnings: [warning] };
}

function toBroken(problem: Problem): Problem {
  return {
    ...problem,
    severity: 'warning',
    code: 'status-broken',
    message: safe`the status file is ignored, and a mirror that waits for it stays closed: ${problem.message}`,
    hint: safe`the watcher rewrites it; until then, look at what changed it`,
  };
}
