/** `model-mirror history`. */

import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { toFileRole, toStatusName } from '../../core/input/file-role.ts';
import type { FolderTree, FoundFile } from '../../core/input/folder-tree.ts';
import { toFoundFile, toSibling } from '../../core/input/folder-tree.ts';
import { parseModel } from '../../core/input/parse-document.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import { renderApplication } from '../../core/render/application.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { toIgnoredProblems } from '../../core/render/policies.ts';
import type { ModelTarget } from '../../core/repository/find-model.ts';
import { isAtPath, isCalled, pickModel } from '../../core/repository/find-model.ts';
import type { TimelineCommit, TimelinePoint } from '../../core/timeline/points.ts';
import { computeTimeline, cutTimeline } from '../../core/timeline/timeline.ts';
import type { TreePart } from '../../io/git-cli/commit-trees.ts';
import type { ModelFiles, ModelPaths } from '../../io/git-cli/model-files.ts';
import { toShortId } from '../../io/git-cli/revision-names.ts';
import type { ModelChange, Step } from '../../io/git-cli/revisions.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toHistoryJson } from '../../output/history-json.ts';
import { toHistoryPage } from '../../output/history-page.ts';
import { toHistoryText } from '../../output/history-text.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toModelPlaces } from '../flags/model-places.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import type { Places } from '../flags/places.ts';
import { toScene, toScenePlaces } from '../flags/repository-scope.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { toGit } from '../user-git.ts';
import type { HistoryFlags } from './flags.ts';

/** The model that is meant: where it is now, and how it is known elsewhere. */
interface Meant extends Called {
  readonly path: string;
}

interface Called {
  readonly name: string;
  readonly namespace?: string | undefined;
}

interface Walk {
  readonly revisions: GitRevisions;
  readonly part: TreePart;
  readonly cluster: string | undefined;
  readonly namespace: string | undefined;
}

/** @returns the exit code. */
export async function runHistory(name: string, flags: HistoryFlags, host: Host): Promise<number> {
  const limit = toLimit(flags.limit);
  const scene = toScene(flags, host);
  using revisions = new GitRevisions(toGit(scene.repository, host));
  const cluster = toClusterName(flags.cluster);
  // A bare repository has no folder to be in.
  const places = scene.isBare ? toScenePlaces(scene) : toModelPlaces(name, toScenePlaces(scene), flags);
  const part = { root: scene.root, folder: places.folder === places.root ? scene.root : scene.folder };
  const walk: Walk = { revisions, part, cluster, namespace: toNamespace(flags.namespace) };
  const tip = await revisions.names.resolve(flags.revision);
  const since = flags.since === undefined ? undefined : await readTime(flags.since, revisions);
  const meant = await findMeant(name, tip, walk, places);
  if ('problems' in meant) {
    showProblems(meant.problems, host, 2, scene.toShownPath);
    return exitCodes.problems;
  }
  if (scene.root !== '.') {
    const ignored = toIgnoredProblems(await revisions.readTree(tip, scene));
    showProblems(ignored, host, 2, scene.toShownPath);
  }
  const points = await readPoints(tip, meant, walk);
  const namespace = findNamespace(points) ?? walk.namespace ?? 'default';
  const timeline = computeTimeline({ name: meant.name, namespace }, points, (host.now ?? systemClock.date)());
  const late = since === undefined ? timeline : cutTimeline(timeline, since);
  const shown = { ...late, events: late.events.slice(limit === undefined ? 0 : -limit) };
  const notes = {
    revision: `${flags.revision} (${toShortId(tip)})`,
    isShallow: await revisions.names.isShallow(),
    leftOut: timeline.events.length - shown.events.length,
  };
  if (flags.output === 'json') host.write(1, [toHistoryJson(shown, notes)]);
  else if (flags.output === 'html') host.write(1, [toHistoryPage(shown, notes)]);
  else host.write(1, [toHistoryText(shown, notes, host.size(1)?.columns, host.style(1))]);
  return exitCodes.fine;
}

function toLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new Fault(
      'usage',
      safe`${quote(text)} is not a count`,
      safe`pass a whole number from 1 on, as in --limit 20`,
    );
  return Number(text);
}

/** A date, with or without a time, or else a commit → seconds since 1970. */
async function readTime(text: string, revisions: GitRevisions): Promise<number> {
  const [, date, clock = '00:00', seconds = ':00'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?Z?)?$/.exec(text) ?? [];
  if (date === undefined) return (await revisions.readCommit(await revisions.names.resolve(text))).committer.date;
  const time = new Date(`${date}T${clock}${seconds}Z`);
  // The 30th of February would be taken for a day in March.
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(date))
    throw new Fault('usage', safe`${quote(text)} is not a date`, safe`write it as 2026-11-01 or 2026-11-01T09:30`);
  return time.getTime() / 1000;
}

/** Where the model is at the tip, or was when it was last there. */
async function findMeant(
  name: string,
  tip: string,
  walk: Walk,
  places: Places,
): Promise<Meant | { readonly problems: readonly Problem[] }> {
  const first = await pickAt(tip, name, walk, places);
  if (!('problems' in first)) return toMeant(first);
  // Of a model that never was, what is there now is the best hint.
  return (await findOld(name, tip, walk, places)) ?? { problems: first.problems };
}

async function pickAt(
  commit: string,
  name: string,
  { revisions, part }: Walk,
  places: Places,
): Promise<ReturnType<typeof pickModel>> {
  return pickModel(name, await revisions.readTree(commit, part), places);
}

function toMeant({ file, model: { metadata } }: Pick<ModelTarget, 'file' | 'model'>): Meant {
  return { path: file.path, name: metadata.name, namespace: metadata.namespace };
}

/**
 * A model that is not at the tip by this name. As at the tip, a name counts before the path of a folder; what was once
 * at a path may have moved on from there.
 */
async function findOld(name: string, tip: string, walk: Walk, places: Places): Promise<Meant | undefined> {
  const { revisions, part } = walk;
  const changes: ModelChange[] = [];
  for await (const { source, ...change } of revisions.readOldModels(tip, part)) {
    changes.push(change);
    if (!isModelCalled(name, source)) continue;
    const target = await pickAt(change.before, name, walk, places);
    if (!('problems' in target)) return toMeant(target);
  }
  const paths = places.toInnerPaths(name);
  for (const { before, path } of changes) {
    if (!isAtPath(paths, toFoundFile(path))) continue;
    const target = await pickAt(before, name, walk, places);
    if (!('problems' in target)) return followMoves(toMeant(target), changes, walk);
  }
  return undefined;
}

/** @param changes the latest first. */
async function followMoves(meant: Meant, changes: readonly ModelChange[], walk: Walk): Promise<Meant> {
  const last = changes.find(({ path }) => path === meant.path);
  const path = last && findElsewhere(await walk.revisions.readTree(last.commit, walk.part), meant, undefined);
  return path === undefined || path === meant.path ? meant : followMoves({ ...meant, path }, changes, walk);
}

function isModelCalled(name: string, source: SourceFile | undefined): boolean {
  const model = source && parseModel(source).value;
  return model !== undefined && isCalled(name, model);
}

/** The model at a commit, by what its files hold; undefined: it is not there. */
interface Found {
  readonly files: ModelFiles;
  readonly path: string;
}

/** The commits that changed the model, the oldest first. */
async function readPoints(tip: string, meant: Meant, walk: Walk): Promise<TimelinePoint[]> {
  const { revisions } = walk;
  const known = new Map<string, Promise<TimelinePoint['model']>>();
  const read = (found: Found | undefined): Promise<TimelinePoint['model']> => {
    if (found === undefined) return Promise.resolve('absent');
    const model = known.get(found.files.key) ?? renderAt(found, walk);
    known.set(found.files.key, model);
    return model;
  };
  const points: TimelinePoint[] = [];
  let oldest: Step | undefined;
  let { path } = meant;
  let found = await findAt(tip, meant, undefined, walk);
  for (let from: string | undefined = tip; from !== undefined; ) {
    const start: string = from;
    from = undefined;
    const isLinked = found?.files.isLinked === true;
    // What a link leads to may be anywhere.
    const steps = isLinked
      ? await revisions.listSteps(start)
      : await revisions.listModelSteps(start, toModelPaths(path, walk), walk.part.root);
    for (const step of steps) {
      const older = step.parent === undefined ? undefined : await findAt(step.parent, { ...meant, path }, found, walk);
      if (found?.files.key !== older?.files.key) {
        const isStatusOnly = older !== undefined && found?.files.writtenKey === older.files.writtenKey;
        points.push({ commit: await toTimelineCommit(step.id, isStatusOnly, revisions), model: await read(found) });
        oldest = step;
      }
      found = older;
      if (older === undefined || (older.path === path && older.files.isLinked === isLinked)) continue;
      // From here on other files matter.
      path = older.path;
      from = step.parent;
      break;
    }
  }
  points.reverse();
  const [first, ...others] = points;
  // What is at the end of a shallow clone is not what its commit did.
  if (first === undefined || oldest === undefined || !(await revisions.isCut(oldest))) return points;
  return [{ ...first, commit: { ...first.commit, author: undefined, mergedBy: undefined } }, ...others];
}

function toModelPaths(path: string, { cluster }: Walk): ModelPaths {
  const file = toFoundFile(path);
  const role = toFileRole(file.name);
  return { model: path, status: toSibling(file, toStatusName(role?.kind === 'Model' ? role.stem : '', cluster)) };
}

/**
 * Elsewhere, when another model lies at its path or none at all, and it is there under the name that it
 * had a commit later; or else at its path, whatever it was called.
 */
async function findAt(commit: string, meant: Meant, later: Found | undefined, walk: Walk): Promise<Found | undefined> {
  const { revisions, part } = walk;
  const { tree } = await revisions.readCommit(commit);
  const look = async (at: string): Promise<Found | undefined> => {
    const files = await revisions.models.find(tree, toModelPaths(at, walk), part.root);
    return files && { files, path: at };
  };
  const here = await look(meant.path);
  if (later === undefined || here?.files.writtenKey === later.files.writtenKey) return here;
  const read = async ({ files, path }: Found) => readSource(await files.read(), toFoundFile(path));
  const written = await read(later);
  // What cannot be parsed does not tell its name.
  const called = readMetadata(written) ?? meant;
  const known = here && (readMetadata(await read(here)) ?? called);
  if (known?.name === called.name && known.namespace === called.namespace) return here;
  const elsewhere = findElsewhere(await revisions.readTree(commit, part), called, written?.text);
  return elsewhere === undefined ? here : look(elsewhere);
}

/** Where a model of this name is, or else a file with the same text. */
function findElsewhere(tree: FolderTree, { name, namespace }: Called, text: string | undefined): string | undefined {
  const models = tree.files
    .filter((file) => toFileRole(file.name)?.kind === 'Model')
    .map((file) => ({ file, source: readSource(tree, file) }));
  const isCalledSo = ({ source }: (typeof models)[number]) => {
    const found = readMetadata(source);
    return found?.name === name && found.namespace === namespace;
  };
  return (models.find(isCalledSo) ?? models.find(({ source }) => source !== undefined && source.text === text))?.file
    .path;
}

function readSource(tree: FolderTree, file: FoundFile): SourceFile | undefined {
  const source = tree.read(file);
  return 'code' in source ? undefined : source;
}

function readMetadata(source: SourceFile | undefined): Called | undefined {
  return source && parseModel(source).value?.metadata;
}

async function renderAt({ files, path }: Found, { cluster, namespace }: Walk): Promise<TimelinePoint['model']> {
  const tree = await files.read();
  const options = { anyNamespace: true, allowEmpty: true, namespace, cluster };
  const { rollouts, problems } = renderApplication(tree, options, () => undefined);
  const model: RenderedRollout | undefined = rollouts.find(({ rollout }) => rollout.file.source.path === path);
  const errors = problems.filter(({ severity }) => severity === 'error');
  return model === undefined || hasErrors(errors) ? errors : model;
}

async function toTimelineCommit(id: string, isStatusOnly: boolean, revisions: GitRevisions): Promise<TimelineCommit> {
  const commit = await revisions.readCommit(id);
  const merged = commit.parents[1];
  const own = commit.author.name;
  const author = merged === undefined ? own : ((await revisions.findAuthor(merged)) ?? own);
  return {
    id,
    author,
    mergedBy: author === own ? undefined : own,
    time: commit.committer.date,
    subject: commit.message.split('\n')[0] ?? '',
    isStatusOnly,
  };
}

function findNamespace(points: readonly TimelinePoint[]): string | undefined {
  const last = points.findLast(({ model }) => model !== 'absent' && 'rollout' in model);
  return (last?.model as RenderedRollout | undefined)?.rollout.namespace;
}
