/** Two revisions, or one and the work tree → both rendered, and the report of what changes between them. */
import { resolve } from 'node:path';
import type { RenderedRevision } from '../../core/change/pull-request.ts';
import { comparePullRequest, isChanged } from '../../core/change/pull-request.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { hasErrors, toWholeProblem } from '../../core/diagnostics/problem.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import { dnsLabel } from '../../core/input/schema-parts.ts';
import { toYamlText } from '../../core/manifests/manifest-text.ts';
import type { RenderOptions } from '../../core/render/application.ts';
import { renderApplication } from '../../core/render/application.ts';
import { toUnreadable } from '../../core/repository/entries.ts';
import { isFilePresent } from '../../io/files/edited-file.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { toShortId } from '../../io/git-cli/revision-names.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { readArgocdEnvironment } from '../../io/process/argocd-environment.ts';
import type { NamedRevision } from '../../output/pull-request-json.ts';
import { toPullRequestJson } from '../../output/pull-request-json.ts';
import { toBrokenMarkdown, toPullRequestMarkdown } from '../../output/pull-request-markdown.ts';
import { toPullRequestText } from '../../output/pull-request-text.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toPlaces } from '../flags/places.ts';
import type { Scene } from '../flags/repository-scope.ts';
import { toScene } from '../flags/repository-scope.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { toGit } from '../user-git.ts';
import type { DiffFlags } from './flags.ts';

/** One of the two that are compared; without a commit it is the work tree. */
interface Meant extends NamedRevision {
  /** As people call it, with the commit. */
  readonly label: string;
}

/** @returns the exit code. */
export async function runDiff(
  base: string | undefined,
  head: string | undefined,
  flags: DiffFlags,
  host: Host,
): Promise<number> {
  const threshold = toThreshold(flags.threshold);
  const options = toOptions(flags);
  const scene = toScene(flags, host);
  using revisions = new GitRevisions(toGit(scene.repository, host));
  const { before, after } = await findMeant(revisions, scene, base, head);
  const read = async ({ commit }: Meant) =>
    toSide(commit === undefined ? openWorkTree(scene, flags, host) : await revisions.readTree(commit, scene), options);
  const [old, now] = [await read(before), await read(after)];
  const labels = { base: before.label, head: after.label };
  if (hasErrors(now.problems)) {
    if (flags.output === 'json')
      host.write(1, [toPullRequestJson(undefined, { base: before, head: after }, now.problems)]);
    if (flags.output === 'markdown') host.write(1, [toBrokenMarkdown(now.problems, labels)]);
    showProblems(now.problems, host, 2, scene.toShownPath);
    return exitCodes.problems;
  }
  const report = comparePullRequest(old, now, threshold);
  if (flags.output === 'json') host.write(1, [toPullRequestJson(report, { base: before, head: after }, now.problems)]);
  else if (flags.output === 'markdown') host.write(1, [toPullRequestMarkdown(report, labels)]);
  else host.write(1, [toPullRequestText(report, labels, scene.toShownPath, host.style(1))]);
  showProblems(now.problems, host, 2, scene.toShownPath);
  if (old.models.length === 0 && now.models.length === 0)
    host.write(2, ['neither has a model in this folder or below: name another folder with --path\n']);
  return isChanged(report) && flags.exitCode === true ? exitCodes.problems : exitCodes.fine;
}

function toThreshold(text: string): number {
  const threshold = Number(text);
  if (text.trim() === '' || !(threshold >= 0 && threshold <= 100))
    throw new Fault('usage', safe`the threshold ${quote(text)} is not a percentage`, safe`pass a number from 0 to 100`);
  return threshold;
}

function toOptions({ namespace, cluster, assumeReady }: DiffFlags): RenderOptions {
  if (namespace !== undefined && !dnsLabel.test(namespace))
    throw new Fault(
      'usage',
      safe`${quote(namespace)} is not the name of a namespace`,
      safe`use at most 63 lower-case letters, digits and "-"`,
    );
  return {
    namespace,
    anyNamespace: true,
    cluster: toClusterName(cluster),
    assumeReady: assumeReady === true,
    allowEmpty: true,
  };
}

async function findMeant(
  revisions: GitRevisions,
  { isBare }: Scene,
  base: string | undefined,
  head: string | undefined,
): Promise<{ before: Meant; after: Meant }> {
  const workTree: Meant = { revision: 'work tree', commit: undefined, label: 'the work tree' };
  const toMeant = async (revision: string): Promise<Meant> => {
    const commit = await revisions.names.resolve(revision);
    return { revision, commit, label: toLabel(revision, commit) };
  };
  const toParting = async (one: string, other: string): Promise<Meant> => {
    const commit = await revisions.names.findMergeBase(
      await revisions.names.resolve(one),
      await revisions.names.resolve(other),
    );
    return { revision: `${one}...${other}`, commit, label: `${one} (${toShortId(commit)})` };
  };
  const range = splitRange(base ?? '');
  if (range !== undefined && head !== undefined)
    throw new Fault('usage', safe`${quote(base ?? '')} names both revisions already`, safe`leave the second one out`);
  if (range !== undefined) {
    const { from, dots, to } = range;
    const [one, other] = [from || 'HEAD', to || 'HEAD'];
    return {
      before: dots === '...' ? await toParting(one, other) : await toMeant(one),
      after: await toMeant(other),
    };
  }
  const after = head !== undefined ? await toMeant(head) : isBare ? await toMeant('HEAD') : workTree;
  if (base !== undefined) return { before: await toMeant(base), after };
  const main = await revisions.names.findDefaultBranch();
  // Where there is no commit at all, that is what is to be said.
  if (main === undefined) await revisions.names.resolve('HEAD');
  if (main === undefined)
    throw new Fault(
      'usage',
      safe`no branch is known as the default one`,
      safe`name BASE, as in model-mirror diff origin/main`,
    );
  return { before: await toParting(main, 'HEAD'), after };
}

/** `from..to`, or `from...to`. */
function splitRange(
  text: string,
): { readonly from: string; readonly dots: '..' | '...'; readonly to: string } | undefined {
  const at = text.indexOf('..');
  if (at < 0) return undefined;
  const dots = text[at + 2] === '.' ? '...' : '..';
  return { from: text.slice(0, at), dots, to: text.slice(at + dots.length) };
}

/** `main (1a2b3c4)`; a commit's id needs no other. */
function toLabel(revision: string, commit: string): string {
  return commit.startsWith(revision) ? toShortId(commit) : `${revision} (${toShortId(commit)})`;
}

function openWorkTree({ repository, folder, root }: Scene, flags: DiffFlags, host: Host): FolderTree {
  if (!isFilePresent(resolve(repository, folder)))
    return {
      folder,
      policyRoot: root,
      ignoredPolicies: [],
      files: [],
      problems: [],
      read: ({ path }) => toWholeProblem(path, toUnreadable(safe`the folder does not exist`)),
    };
  // People and CI run this, not Argo CD: nothing of its environment counts.
  const places = toPlaces(host, readArgocdEnvironment({}), resolve(repository, folder), {
    ...flags,
    root: resolve(repository, root),
  });
  return openFolderTree(places);
}

function toSide(tree: FolderTree, options: RenderOptions): RenderedRevision {
  const { rollouts, objects, problems } = renderApplication(tree, options, toYamlText);
  return { tree, models: rollouts, objects, problems };
}
