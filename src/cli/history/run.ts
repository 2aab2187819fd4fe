/** Flags → the history of a model, and its timeline as text, JSON or HTML. */
import type { HistoryRequest } from '../../commands/history.ts';
import { readHistory } from '../../commands/history.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toHistoryJson } from '../../output/history-json.ts';
import { toHistoryPage } from '../../output/history-page.ts';
import { toHistoryText } from '../../output/history-text.ts';
import { toPastModel } from '../flags/past-model.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import { noteStatusBranch } from '../status-branch.ts';
import { toGit } from '../user-git.ts';
import type { HistoryFlags } from './flags.ts';
import { toSince } from './since.ts';

/** @returns the exit code. */
export async function runHistory(model: string, flags: HistoryFlags, host: Host): Promise<number> {
  const limit = toLimit(flags.limit);
  const now = (host.now ?? systemClock.date)();
  const since = flags.since === undefined ? undefined : toSince(flags.since, now);
  const { scope, request: past } = toPastModel(model, flags.revision, flags, host);
  const git = toGit(scope.repository, host);
  using revisions = new GitRevisions(git);
  const request: HistoryRequest = {
    ...past,
    since,
    limit,
    now,
  };
  const result = await readHistory(request, revisions);
  if (result.code === 'unknown-model') {
    showProblems(result.problems, host, 2, scope.toShownPath);
    return exitCodes.problems;
  }
  showProblems(result.warnings, host, 2, scope.toShownPath);
  const { timeline } = result;
  if (flags.output === 'json') host.write(1, [toHistoryJson(timeline, result)]);
  else if (flags.output === 'html') host.write(1, [toHistoryPage(timeline, result)]);
  else host.write(1, [toHistoryText(timeline, result, host.size(1)?.columns, host.style(1))]);
  await noteStatusBranch(git, flags.revision, host);
  return exitCodes.fine;
}

function toLimit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new Fault('usage', safe`${quote(text)} is not a count`, safe`pass a whole number from 1, as in --limit 20`);
  return Number(text);
}
