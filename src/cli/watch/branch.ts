/** Settings → the branch that the watcher reads and writes, to which another one may be carried. */
import type { GitTransport } from '../../core/ports/git-transport.ts';
import type { CarryMeter, Log, StatusBranch } from '../../core/ports/watch.ts';
import type { BranchOptions } from '../../io/git/branch.ts';
import { GitBranch } from '../../io/git/branch.ts';
import { CarriedBranch } from '../../io/git/carry/carried-branch.ts';
import { toFetchLimit } from '../../io/git/fetch-limit.ts';
import { systemClock } from '../../io/process/clock.ts';
import { BranchFiles } from '../../watch/branch-files.ts';
import { CarryRecord } from '../../watch/carry-record.ts';
import type { toWatchSettings } from './settings.ts';

interface BranchPorts {
  readonly log: Log;
  readonly sign: BranchOptions['sign'];
  readonly onWork: (bytes: number) => void;
  readonly metrics: CarryMeter & { readonly phase: Exclude<BranchOptions['onPhase'], undefined> };
}

/** @returns `carries`: what becomes of carries; undefined: nothing is carried. */
export function openBranch(
  { branch, sourceBranch, author, committer, maxFetch, watcher }: ReturnType<typeof toWatchSettings>,
  transport: GitTransport,
  { log, metrics, sign, onWork }: BranchPorts,
): { readonly branch: StatusBranch; readonly carries: CarryRecord | undefined } {
  const options = {
    transport,
    branch,
    path: watcher.path,
    isWanted: BranchFiles.toFilter(watcher),
    author,
    committer,
    clock: systemClock,
    sign,
    fetchLimit: { ...toFetchLimit(maxFetch), onWork },
    onPhase: metrics.phase,
  };
  if (sourceBranch === undefined) return { branch: new GitBranch(options), carries: undefined };
  const carries = new CarryRecord(
    { clock: systemClock, log, meter: metrics },
    { source: sourceBranch, deploy: branch },
  );
  return { branch: new CarriedBranch({ ...options, sourceBranch, message: watcher, reports: carries }), carries };
}
