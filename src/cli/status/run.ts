/** `model-mirror status`: shows models once, repeatedly, or until a goal is reached. */
import type { StatusReport } from '../../commands/status.ts';
import { createStatus } from '../../commands/status.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { toStatusJson } from '../../output/assessment-json.ts';
import { toDoctorCommand, toFindingLine } from '../../output/assessment-text.ts';
import { toStatusDetail } from '../../output/status-detail.ts';
import { toStatusTable } from '../../output/status-table.ts';
import { toFirstText } from '../../output/words/pending.ts';
import type { Wording } from '../../output/words/wording.ts';
import { assertTogether } from '../flags/cluster-flags.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toMs } from '../flags/duration.ts';
import { toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import { toRepositoryScope, toScopePlaces } from '../flags/repository-scope.ts';
import { toWording } from '../flags/wording.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import type { StatusFlags } from './flags.ts';
import { toStatusPorts } from './ports.ts';
import { runWait } from './wait.ts';
import { runWatch } from './watch.ts';

/** A git server is asked less often than a folder. */
const defaultIntervals = { files: '2s', fetch: '10s' } as const;

/** @returns the exit code. */
export async function runStatus(model: string | undefined, flags: StatusFlags, host: Host): Promise<number> {
  assertFlags(flags);
  // At a revision there may be folders that are not in the work tree, and there need not be one.
  const around =
    flags.revision === undefined ? toOwnPlaces(flags, host) : toScopePlaces(toRepositoryScope(flags, host));
  const places = model === undefined ? around : toModelPlaces(model, around, flags);
  const interval = flags.interval ?? defaultIntervals[flags.fetch === true ? 'fetch' : 'files'];
  const intervalMs = Math.max(100, toMs(interval, '--interval'));
  const timeoutMs = toMs(flags.timeout, '--timeout');
  const settleMs = flags.live === true ? toMs(flags.settle, '--settle') : 0;
  const request = {
    model,
    names: places,
    cluster: toClusterName(flags.cluster),
    namespace: toNamespace(flags.namespace),
  };
  const readStatus = createStatus(request, await toStatusPorts(flags, places, host));
  const wording = toWording(flags, places, host);
  const isOne = model !== undefined;
  if (flags.wait !== undefined)
    return runWait({ goal: flags.wait, isOne, intervalMs, settleMs, timeoutMs, readStatus, flags, wording, host });
  const show = (report: StatusReport) => toText(report, isOne, flags, { wording, host });
  if (flags.watch === true)
    return runWatch({ readStatus, show, intervalMs, asJson: flags.output === 'json', toPath: wording.toPath, host });
  const report = await readStatus(new AbortController().signal);
  host.write(1, [show(report)]);
  showProblems(report.problems, host, 2, places.toShownPath);
  return hasErrors(report.problems) ? exitCodes.problems : exitCodes.fine;
}

function assertFlags({ fetch, branch, gitCredentials }: StatusFlags): void {
  assertTogether('--branch', branch, '--fetch', fetch);
  if (gitCredentials !== undefined)
    throw new Fault(
      'usage',
      safe`status has no --git-credentials any more: --fetch runs git fetch`,
      safe`let git have the credentials, by a credential helper or, in CI, by GIT_CONFIG_COUNT: see docs/upgrading.md`,
    );
}

function toText(
  report: StatusReport,
  isOne: boolean,
  flags: StatusFlags,
  { wording, host }: { readonly wording: Wording; readonly host: Host },
): string {
  const { problems, revision, pending, ahead, statusesOn, finding } = report;
  const assessments =
    flags.differing === true
      ? report.assessments.filter(({ differences }) => differences.length > 0)
      : report.assessments;
  if (flags.output === 'json') return toStatusJson(assessments, { revision, problems }, wording);
  const style = host.style(1);
  const [first] = assessments;
  const isDetail = isOne && first !== undefined;
  const models = isDetail
    ? toStatusDetail(first, wording, style)
    : first === undefined
      ? ''
      : toStatusTable(assessments, { width: toWidth(host), wording, style });
  const remarks = [
    ...(first === undefined && report.assessments.length > 0
      ? [`All ${report.assessments.length} models are in the desired state.`]
      : []),
    ...(revision === undefined ? [] : [toRevisionText(revision)]),
    ...(statusesOn === undefined ? [] : [`Status files are those of ${statusesOn}, as it was last fetched.`]),
    ...(ahead === undefined
      ? []
      : [`${ahead} has commits that are not here: pull, or read it with --revision ${ahead}.`]),
  ];
  return [
    // The details of one model show it themselves.
    ...(pending === undefined || (isDetail && revision === undefined)
      ? []
      : [
          `${style('bold', 'First:')} ${style('cyan', toFirstText(pending, revision !== undefined, wording))}\n`,
          ...(models === '' ? [] : ['\n']),
        ]),
    models,
    ...(remarks.length === 0 || models === '' ? [] : ['\n']),
    ...remarks.map((line) => `${style('dim', line)}\n`),
    // The details of one model show their own.
    ...(finding === undefined || isDetail
      ? []
      : [`\n${toFindingLine(finding, toDoctorCommand(undefined, wording), style)}\n`]),
  ].join('');
}

function toRevisionText({ name, commit }: NonNullable<StatusReport['revision']>): string {
  return commit.startsWith(name) ? `At ${name}.` : `At ${commit.slice(0, 7)}, ${name}.`;
}

/** `COLUMNS` counts wherever it is set, else the terminal is asked. */
function toWidth(host: Host): number | undefined {
  const set = Number(host.environment['COLUMNS']);
  return Number.isInteger(set) && set > 0 ? set : host.size(1)?.columns;
}
