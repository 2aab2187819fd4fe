/** Flags → two revisions, compared, and the report. */
import { resolve } from 'node:path';
import { diff } from '../../commands/diff.ts';
import { isChanged } from '../../core/change/pull-request.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { toWholeProblem } from '../../core/diagnostics/problem.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import { toUnreadable } from '../../core/repository/entries.ts';
import { isFilePresent } from '../../io/files/edited-file.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { readArgocdEnvironment } from '../../io/process/argocd-environment.ts';
import { toPullRequestJson } from '../../output/pull-request-json.ts';
import { toBrokenMarkdown, toPullRequestMarkdown } from '../../output/pull-request-markdown.ts';
import { toPullRequestText } from '../../output/pull-request-text.ts';
import { toRevisionLabel } from '../../output/words/revision.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import { toPlaces } from '../flags/places.ts';
import type { RepositoryScope } from '../flags/repository-scope.ts';
import { toRepositoryScope } from '../flags/repository-scope.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { noteStatusBranch } from '../status-branch.ts';
import { toGit } from '../user-git.ts';
import type { DiffFlags } from './flags.ts';

/** @returns the exit code. */
export async function runDiff(
  base: string | undefined,
  head: string | undefined,
  flags: DiffFlags,
  host: Host,
): Promise<number> {
  const threshold = toThreshold(flags.threshold);
  const options = {
    namespace: toNamespace(flags.namespace),
    cluster: toClusterName(flags.cluster),
    assumeReady: flags.assumeReady === true,
  };
  const scope = toRepositoryScope(flags, host);
  const git = toGit(scope.repository, host);
  using revisions = new GitRevisions(git);
  const compared = await diff(
    { base, head, part: scope, isBare: scope.isBare, threshold, ...options },
    { revisions, openWorkTree: () => openWorkTree(scope, flags, host) },
  );
  const { report, problems } = compared;
  const labels = { base: toRevisionLabel(compared.base), head: toRevisionLabel(compared.head) };
  if (flags.output === 'json') host.write(1, [toPullRequestJson(compared)]);
  else if (flags.output === 'markdown')
    host.write(1, [report === undefined ? toBrokenMarkdown(problems, labels) : toPullRequestMarkdown(report, labels)]);
  else if (report !== undefined) host.write(1, [toPullRequestText(report, labels, scope.toShownPath, host.style(1))]);
  showProblems(problems, host, 2, scope.toShownPath);
  if (report === undefined) return exitCodes.problems;
  await noteStatusBranch(git, compared.head.commit, host);
  if (!compared.hasModels)
    host.write(2, ['there are no models in this folder or below, before or after: pass another folder with --path\n']);
  return isChanged(report) && flags.exitCode === true ? exitCodes.problems : exitCodes.fine;
}

function toThreshold(text: string): number {
  const threshold = Number(text);
  if (text.trim() === '' || !(threshold >= 0 && threshold <= 100))
    throw new Fault('usage', safe`the threshold ${quote(text)} is not a percentage`, safe`pass a number from 0 to 100`);
  return threshold;
}

/** People and CI run this, not Argo CD, so nothing of its environment counts. */
function openWorkTree({ repository, folder, root }: RepositoryScope, flags: DiffFlags, host: Host): FolderTree {
  if (isFilePresent(resolve(repository, folder)))
    return openFolderTree(
      toPlaces(host, readArgocdEnvironment({}), resolve(repository, folder), {
        ...flags,
        root: resolve(repository, root),
      }),
    );
  return {
    folder,
    policyRoot: root,
    ignoredPolicies: [],
    files: [],
    problems: [],
    read: ({ path }) => toWholeProblem(path, toUnreadable(safe`the folder does not exist`)),
  };
}
