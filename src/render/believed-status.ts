import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { parseStatus, toProblem } from '../input/parse-document.ts';
import type { Problem } from '../input/problem.ts';
import { sortProblems } from '../input/problem.ts';
import { mask, safe } from '../input/safe-text.ts';
import type { ModelStatus } from '../input/schema.ts';

/**
 * The status of a model, if it can be believed. If not, that is a warning and a closed gate, never an
 * error: a status file must not stand between a person and the brake.
 *
 * @param namespace undefined when files are checked without one.
 */
export function readBelievedStatus(
  tree: FolderTree,
  file: FoundFile | undefined,
  model: { readonly name: string; readonly namespace: string | undefined },
): { readonly status: ModelStatus | undefined; readonly warnings: readonly Problem[] } {
  if (file === undefined) return { status: undefined, warnings: [] };
  const source = tree.read(file);
  if ('code' in source) return { status: undefined, warnings: [toBroken(source)] };
  const { value: status, problems } = parseStatus(source);
  if (status === undefined) return { status, warnings: sortProblems(problems).slice(0, 1).map(toBroken) };
  const { name, namespace } = status.metadata;
  if (name === model.name && (model.namespace === undefined || namespace === model.namespace))
    return { status, warnings: [] };
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
  return { status: undefined, warnings: [warning] };
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
