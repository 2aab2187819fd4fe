/** The commits that changed a model, and what it was after each. */
import { toFileRole, toStatusName } from '../core/input/file-role.ts';
import { toFoundFile, toSibling } from '../core/input/folder-tree.ts';
import type { History, ModelFiles, ModelPaths, Step } from '../core/ports/revisions.ts';
import { renderApplication } from '../core/render/application.ts';
import type { TimelineCommit, TimelinePoint } from '../core/timeline/points.ts';
import type { PastModel, Scope } from './history-model.ts';
import { findElsewhere, readName, readSource } from './history-model.ts';

export interface PointsScope extends Scope {
  readonly cluster: string | undefined;
  /** For models that name none. */
  readonly namespace: string | undefined;
}

/** The model at a commit. */
interface Found {
  readonly files: ModelFiles;
  readonly path: string;
}

/** The oldest first. */
export async function readPoints(
  tip: string,
  model: PastModel,
  scope: PointsScope,
  history: History,
): Promise<TimelinePoint[]> {
  const render = createRenderer(scope);
  const points: TimelinePoint[] = [];
  let oldest: Step | undefined;
  let { path } = model;
  let found = await findAt(tip, model, undefined, scope, history);
  for (let from: string | undefined = tip; from !== undefined; ) {
    const start: string = from;
    from = undefined;
    const isLinked = found?.files.isLinked === true;
    // A link may lead to any file.
    const steps = isLinked
      ? await history.listSteps(start)
      : await history.listModelSteps(start, toModelPaths(path, scope), scope.part.root);
    for (const step of steps) {
      const older =
        step.parent === undefined ? undefined : await findAt(step.parent, { ...model, path }, found, scope, history);
      if (found?.files.key !== older?.files.key) {
        const isStatusOnly = older !== undefined && found?.files.writtenKey === older.files.writtenKey;
        points.push({ commit: await readTimelineCommit(step.id, isStatusOnly, history), model: await render(found) });
        oldest = step;
      }
      found = older;
      if (older === undefined || (older.path === path && older.files.isLinked === isLinked)) continue;
      // From here on, other files matter.
      path = older.path;
      from = step.parent;
      break;
    }
  }
  points.reverse();
  const [first, ...others] = points;
  // What a shallow clone begins with is not what its first commit did.
  if (first === undefined || oldest === undefined || !(await history.isCut(oldest))) return points;
  return [{ ...first, commit: { ...first.commit, author: undefined, mergedBy: undefined } }, ...others];
}

function toModelPaths(path: string, { cluster }: PointsScope): ModelPaths {
  const file = toFoundFile(path);
  const role = toFileRole(file.name);
  return { model: path, status: toSibling(file, toStatusName(role?.kind === 'Model' ? role.stem : '', cluster)) };
}

/**
 * At its path, whatever its name was. If another model or none is there, and the model is elsewhere under the name
 * that it had a commit later: there.
 */
async function findAt(
  commit: string,
  model: PastModel,
  later: Found | undefined,
  scope: PointsScope,
  history: History,
): Promise<Found | undefined> {
  const { tree } = await history.readCommit(commit);
  const findIn = async (path: string): Promise<Found | undefined> => {
    const files = await history.models.find(tree, toModelPaths(path, scope), scope.part.root);
    return files && { files, path };
  };
  const here = await findIn(model.path);
  if (later === undefined || here?.files.writtenKey === later.files.writtenKey) return here;
  const read = async ({ files, path }: Found) => readSource(await files.read(), toFoundFile(path));
  const written = await read(later);
  // The name of a file that cannot be parsed is unknown.
  const name = readName(written) ?? model;
  const nameHere = here && (readName(await read(here)) ?? name);
  if (nameHere?.name === name.name && nameHere.namespace === name.namespace) return here;
  const elsewhere = findElsewhere(await history.readTree(commit, scope.part), name, written?.text);
  return elsewhere === undefined ? here : findIn(elsewhere);
}

/** Equal files are rendered once. */
function createRenderer({
  cluster,
  namespace,
}: PointsScope): (found: Found | undefined) => Promise<TimelinePoint['model']> {
  const known = new Map<string, Promise<TimelinePoint['model']>>();
  const render = async ({ files, path }: Found): Promise<TimelinePoint['model']> => {
    const options = { anyNamespace: true, allowEmpty: true, namespace, cluster };
    const { rollouts, problems } = renderApplication(await files.read(), options, () => undefined);
    const model = rollouts.find(({ rollout }) => rollout.file.source.path === path);
    const errors = problems.filter(({ severity }) => severity === 'error');
    return model === undefined || errors.length > 0 ? errors : model;
  };
  return (found) => {
    if (found === undefined) return Promise.resolve('absent');
    const { key } = found.files;
    const model = known.get(key) ?? render(found);
    known.set(key, model);
    return model;
  };
}

async function readTimelineCommit(id: string, isStatusOnly: boolean, history: History): Promise<TimelineCommit> {
  const { parents, author, committer, message } = await history.readCommit(id);
  const merged = parents[1];
  const writer = merged === undefined ? author.name : ((await history.findAuthor(merged)) ?? author.name);
  return {
    id,
    author: writer,
    mergedBy: writer === author.name ? undefined : author.name,
    time: committer.date,
    subject: message.split('\n')[0] ?? '',
    isStatusOnly,
  };
}
