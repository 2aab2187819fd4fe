/** `model-mirror analysis`: three questions about one judgement. */
import { resetAnalysis } from '../../commands/reset-analysis.ts';
import { verifyAnalysis } from '../../commands/verify-analysis.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { toVerifiedText } from '../../output/analysis-text.ts';
import { toStatusText } from '../../output/status-text.ts';
import { runEdit } from '../edit/run-edit.ts';
import { toPastModel } from '../flags/past-model.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { toGit } from '../user-git.ts';
import type { AnalysisFlags } from './flags.ts';
import { runShow } from './show.ts';

/** @returns the exit code. */
export async function runAnalysis(model: string, flags: AnalysisFlags, host: Host): Promise<number> {
  const { verify, reset } = flags;
  if (verify !== undefined && reset === true)
    throw new Fault('usage', safe`--verify and --reset do not go together`, safe`pass one of them`);
  const other = verify !== undefined ? safe`--verify` : reset === true ? safe`--reset` : undefined;
  if (other !== undefined) assertShownAlone(other, flags);
  if (verify !== undefined) return runVerify(model, verify === true ? 'HEAD' : verify, flags, host);
  if (reset === true)
    return runEdit(model, flags, host, (request, ports) => resetAnalysis(request, toStatusText, ports));
  return runShow(model, flags, host);
}

/** @throws Fault for flags that only showing has. */
function assertShownAlone(other: SafeText, { live, watcher, output }: AnalysisFlags): void {
  const flag = live === true ? safe`--live` : watcher !== undefined ? safe`--watcher` : safe`--output json`;
  if (live !== true && watcher === undefined && output !== 'json') return;
  throw new Fault('usage', safe`${flag} and ${other} do not go together`, safe`pass one of them`);
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
