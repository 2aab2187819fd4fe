/** `model-mirror explain`: one model, from the files as they are. */
import { assessModel } from '../../core/assess/assess-model.ts';
import { explainPolicy } from '../../core/assess/policy-fields.ts';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { findBrokenFiles, hasErrors } from '../../core/diagnostics/problem.ts';
import { locate } from '../../core/input/yaml-place.ts';
import { renderDigests } from '../../core/render/digests.ts';
import { isIgnoredPolicy } from '../../core/render/policies.ts';
import { pickModel, toOwnTree } from '../../core/repository/find-model.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { toExplainJson, toExplainText } from '../../output/explain-text.ts';
import { toBrokenFilesText } from '../../output/words/files.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import type { ExplainFlags } from '../flags/look-flags.ts';
import { listStatusClusters, toWording } from '../flags/look-flags.ts';
import { toFolderPlaces, toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import { toNamespace, toToldNamespace } from '../flags/namespace-name.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { findPending } from '../status/pending.ts';

/** @returns the exit code. */
export async function runExplain(name: string, flags: ExplainFlags, host: Host): Promise<number> {
  const places = toModelPlaces(name, toOwnPlaces(flags, host), flags);
  const cluster = toClusterName(flags.cluster);
  const { toShownPath: toPath } = places;
  const target = pickModel(name, openFolderTree(places), places);
  const refuse = (problems: readonly Problem[]) => {
    showProblems(problems, host, 2, toPath);
    return exitCodes.problems;
  };
  if ('problems' in target) return refuse(target.problems);
  const ownTree = toOwnTree(target);
  const find = (namespace: string | undefined) => {
    const { rollouts, problems } = renderDigests(ownTree, { cluster, namespace });
    return { problems, rendered: rollouts.find(({ rollout }) => rollout.file.source.path === target.file.path) };
  };
  const first = find(toNamespace(flags.namespace));
  const told = toToldNamespace(first.rendered?.status);
  const { rendered, problems } = flags.namespace === undefined && told !== undefined ? find(told) : first;
  if (hasErrors(problems) || rendered === undefined) return refuse(problems);
  const { rollout } = rendered;
  const toPlace = (role: 'primary' | 'candidate') => locate(target.source, ['spec', role]);
  const wording = toWording(flags, places, host);
  const pending = await findPending(toFolderPlaces(places, target.file.folder), ownTree, host);
  const assessment = assessModel(rendered, {
    namespace: flags.namespace,
    pending: pending([target.file.path]),
    clusters: listStatusClusters(flags, target.tree),
  });
  const explanation = {
    assessment,
    policy: explainPolicy(rollout),
    places: { primary: toPlace('primary'), candidate: rollout.candidate && toPlace('candidate') },
    // Most of them hold the namespace.
    hosts: assessment.namespace === undefined ? rollout.policy.hosts : rollout.hosts,
  };
  const text =
    flags.output === 'json'
      ? toExplainJson(explanation, wording)
      : toExplainText(explanation, { all: flags.all === true, wording, style: host.style(1) });
  host.write(1, [text]);
  showProblems(problems.filter(isIgnoredPolicy), host, 2, toPath);
  const broken = findBrokenFiles(renderDigests(target.tree, { cluster }).problems);
  if (broken.length > 0) host.write(2, [`${toBrokenFilesText(broken, rollout.name, toPath)}\n`]);
  return exitCodes.fine;
}
