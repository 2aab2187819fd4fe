/** `model-mirror explain`: one model, from the files of the work tree. */
import { explainModel } from '../../commands/explain.ts';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import { findRepository, openFolderTree } from '../../io/files/folder-tree.ts';
import { GitClone } from '../../io/git-cli/clone.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toExplainJson, toExplainText } from '../../output/explain-text.ts';
import { toBrokenFilesText } from '../../output/words/files.ts';
import { toApiPlace } from '../flags/cluster-flags.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import { toWording } from '../flags/wording.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { findPendingHere } from '../status/pending.ts';
import { noteStatusBranch } from '../status-branch.ts';
import { toGit } from '../user-git.ts';
import type { ExplainFlags } from './flags.ts';

/** @returns the exit code. */
export async function runExplain(model: string, flags: ExplainFlags, host: Host): Promise<number> {
  const places = toModelPlaces(model, toOwnPlaces(flags, host), flags);
  const request = {
    model,
    names: places,
    tree: openFolderTree(places),
    cluster: toClusterName(flags.cluster),
    namespace: toNamespace(flags.namespace),
  };
  const place = toApiPlace(flags, host);
  const root = findRepository(places.repository);
  const git = root === undefined ? undefined : toGit(root, host);
  const { explanation, problems, broken, unanswered } = await explainModel(
    request,
    (tree) => findPendingHere(places, tree, host),
    {
      reader: place && (await import('../status/cluster.ts')).openCluster(place).reader,
      clone: git && new GitClone(git, places),
      now: (host.now ?? systemClock.date)(),
    },
  );
  const { toShownPath: toPath } = places;
  if (explanation === undefined) {
    showProblems(problems, host, 2, toPath);
    return exitCodes.problems;
  }
  const wording = toWording(flags, places, host);
  const text =
    flags.output === 'json'
      ? toExplainJson(explanation, wording)
      : toExplainText(explanation, { all: flags.all === true, wording, style: host.style(1) });
  host.write(1, [text]);
  showProblems(problems, host, 2, toPath);
  if (broken.length > 0) host.write(2, [`${toBrokenFilesText(broken, explanation.assessment.name, toPath)}\n`]);
  if (git !== undefined) await noteStatusBranch(git, undefined, host);
  if (unanswered === undefined) return exitCodes.fine;
  host.write(2, [`model-mirror: this is explained from git alone: ${unanswered.message}\n    ${unanswered.hint}\n`]);
  return exitCodes.environment;
}
