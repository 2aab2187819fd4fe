/** `model-mirror status`: looks once, or again and again, and shows what it sees. */

import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toStatusJson } from '../../output/assessment-json.ts';
import { toStatusDetail } from '../../output/status-detail.ts';
import { toStatusTable } from '../../output/status-table.ts';
import { toFirstText } from '../../output/words/pending.ts';
import { toMs } from '../flags/duration.ts';
import type { StatusFlags } from '../flags/look-flags.ts';
import { toWording } from '../flags/look-flags.ts';
import { toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import type { Places } from '../flags/places.ts';
import { toScene, toScenePlaces } from '../flags/repository-scope.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import type { Seen } from './look.ts';
import { toLook } from './look.ts';
import { waitFor } from './wait.ts';
import { watchStatus } from './watch.ts';

/** A git server is asked less often than a folder. */
const defaultIntervals = { files: '2s', fetch: '10s' } as const;

/** @returns the exit code. */
export async function runStatus(name: string | undefined, flags: StatusFlags, host: Host): Promise<number> {
  assertTogether(flags);
  // At a revision there may be folders that are not in the work tree, and there need not be one.
  const around = flags.revision === undefined ? toOwnPlaces(flags, host) : toScenePlaces(toScene(flags, host));
  const places = name === undefined ? around : toModelPlaces(name, around, flags);
  const interval = flags.interval ?? defaultIntervals[flags.fetch === true ? 'fetch' : 'files'];
  const intervalMs = Math.max(100, toMs(interval, '--interval'));
  const timeoutMs = toMs(flags.timeout, '--timeout');
  const look = await toLook(name, flags, places, host);
  const show = (seen: Seen) => toText(seen, name, flags, places, host);
  if (flags.wait !== undefined)
    return waitFor(flags.wait, {
      look,
      intervalMs,
      timeoutMs,
      settleMs: flags.live === true ? toMs(flags.settle, '--settle') : 0,
      name,
      flags,
      places,
      host,
    });
  if (flags.watch === true)
    return watchStatus({ look, show, intervalMs, asJson: flags.output === 'json', places, host });
  const seen = await look(new AbortController().signal);
  host.write(1, [show(seen)]);
  showProblems(seen.problems, host, 2, places.toShownPath);
  return hasErrors(seen.problems) ? exitCodes.problems : exitCodes.fine;
}

function assertTogether({ fetch, branch, gitCredentials, live, kubeconfig, context }: StatusFlags): void {
  const needs = (flag: string, value: unknown, other: string, isThere: boolean | undefined) => {
    if (value !== undefined && isThere !== true)
      throw new Fault(
        'usage',
        safe`${mask(flag)} does nothing without ${mask(other)}`,
        safe`add ${mask(other)}, or leave ${mask(flag)} out`,
      );
  };
  needs('--branch', branch, '--fetch', fetch);
  needs('--kubeconfig', kubeconfig, '--live', live);
  needs('--context', context, '--live', live);
  if (gitCredentials !== undefined)
    throw new Fault(
      'usage',
      safe`status has no --git-credentials any more: --fetch runs git fetch`,
      safe`let git have the credentials, by a credential helper or, in CI, by GIT_CONFIG_COUNT: see docs/upgrading.md`,
    );
}

function toText(seen: Seen, name: string | undefined, flags: StatusFlags, places: Places, host: Host): string {
  const { assessments, problems, revision, first, hint } = seen;
  const wording = toWording(flags, places, host);
  if (flags.output === 'json') return toStatusJson(assessments, { revision, problems }, wording);
  const style = host.style(1);
  const [assessment] = assessments;
  const isOne = name !== undefined && assessment !== undefined;
  const models = isOne
    ? toStatusDetail(assessment, wording, style)
    : assessments.length === 0
      ? ''
      : toStatusTable(assessments, { width: toWidth(host), wording, style });
  const remarks = [
    ...(assessments.length === 0 && seen.models > 0 ? [`All ${seen.models} models are in the desired state.`] : []),
    ...(revision === undefined ? [] : [toRevisionText(revision)]),
    ...(hint === undefined ? [] : [`${hint}.`]),
  ];
  return [
    // The details of one model show it themselves.
    ...(first === undefined || (isOne && revision === undefined)
      ? []
      : [
          `${style('bold', 'First:')} ${style('cyan', toFirstText(first, revision !== undefined, wording))}\n${models === '' ? '' : '\n'}`,
        ]),
    models,
    ...(remarks.length === 0 || models === '' ? [] : ['\n']),
    ...remarks.map((line) => `${style('dim', line)}\n`),
  ].join('');
}

function toRevisionText({ name, commit }: NonNullable<Seen['revision']>): string {
  return commit.startsWith(name) ? `At ${name}.` : `At ${commit.slice(0, 7)}, ${name}.`;
}

/** `COLUMNS` counts wherever it is set, else the terminal is asked. */
function toWidth(host: Host): number | undefined {
  const set = Number(host.environment['COLUMNS']);
  return Number.isInteger(set) && set > 0 ? set : host.size(1)?.columns;
}
