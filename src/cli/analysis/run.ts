/** `model-mirror analysis`: three questions about one judgement. */
import { readAnalysis } from '../../commands/analysis.ts';
import { resetAnalysis } from '../../commands/reset-analysis.ts';
import { verifyAnalysis } from '../../commands/verify-analysis.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { toAnalysisText, toVerifiedText } from '../../output/analysis-text.ts';
import { toStatusText } from '../../output/status-text.ts';
import { runEdit } from '../edit/run-edit.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import { toPastModel } from '../flags/past-model.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { toGit } from '../user-git.ts';
import type { AnalysisFlags } from './flags.ts';

/** @returns the exit code. */
export async function runAnalysis(model: string, flags: AnalysisFlags, host: Host): Promise<number> {
  const { verify, reset } = flags;
  if (verify !== undefined && reset === true)
    throw new Fault('usage', safe`--verify and --reset do not go together`, safe`pass one of them`);
  if (verify !== undefined) return runVerify(model, verify === true ? 'HEAD' : verify, flags, host);
  if (reset === true)
    return runEdit(model, flags, host, (request, ports) => resetAnalysis(request, toStatusText, ports));
  return runShow(model, flags, host);
}

function runShow(model: string, flags: AnalysisFlags, host: Host): number {
  const places = toModelPlaces(model, toOwnPlaces(flags, host), flags);
  const tree = openFolderTree(places);
  const result = readAnalysis({ model, names: places, tree, cluster: toClusterName(flags.cluster) });
  switch (result.code) {
    case 'problems':
      showProblems(result.problems, host, 2, places.toShownPath);
      return exitCodes.problems;
    case 'no-candidate':
      host.write(1, [`${result.model} has no candidate to judge\n`]);
      return exitCodes.fine;
    case 'no-analysis':
      host.write(1, [`${result.model}: no policy says how a candidate is judged; spec.analysis does\n`]);
      return exitCodes.fine;
    case 'found':
      host.write(1, [toAnalysisText(result.judgement, host.style(1))]);
      return exitCodes.fine;
  }
}

async function runVerify(model: string, revision: string, flags: AnalysisFlags, host: Host): Promise<number> {
  const { scope, request } = toPastModel(model, revision, flags, host);
  using revisions = new GitRevisions(toGit(scope.repository, host));
  const result = await verifyAnalysis(request, revisions);
  if (result.code === 'unknown-model') {
    showProblems(result.problems, host, 2, scope.toShownPath);
    return exitCodes.problems;
  }
  const { verdicts, isShallow } = result;
  host.write(1, [toVerifiedText(model, verdicts, host.style(1))]);
  if (isShallow) host.write(2, ['model-mirror: this clone is shallow, and older verdicts are not in it\n']);
  return verdicts.some(({ discrepancies }) => discrepancies.length > 0) ? exitCodes.problems : exitCodes.fine;
}
