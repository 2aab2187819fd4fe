/** Flags → the clone and its branches, and what came of it. */
import { resolve } from 'node:path';
import { carry } from '../../commands/carry.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import { findRepository, isBareRepository, toRealFolder } from '../../io/files/folder-tree.ts';
import { GitCarryClone } from '../../io/git-cli/carry.ts';
import { toCarryLines, toCarryMessage } from '../../output/words/carry.ts';
import { assertApart } from '../flags/branches.ts';
import type { Host } from '../host.ts';
import { toGit } from '../user-git.ts';

export interface CarryFlags {
  readonly sourceBranch: string;
  readonly branch: string;
  readonly push?: boolean;
  readonly dryRun?: boolean;
  readonly messageSuffix?: string;
  readonly repoRoot?: string;
}

/** @returns the exit code. */
export async function runCarry(flags: CarryFlags, host: Host): Promise<number> {
  const { sourceBranch: source, branch: deploy } = flags;
  assertApart(source, deploy);
  const from = toRealFolder(resolve(host.workingDirectory, flags.repoRoot ?? '.'));
  const repository = isBareRepository(from) ? from : findRepository(from);
  if (repository === undefined)
    throw new Fault(
      'environment',
      safe`this is not in a git repository`,
      safe`run this in a clone, or pass its root with --repo-root`,
    );
  using clone = new GitCarryClone(toGit(repository, host), { source, deploy });
  const message = { suffix: flags.messageSuffix, signOff: undefined };
  const outcome = await carry(
    { push: flags.push === true, dryRun: flags.dryRun === true },
    (commit, undone, isFirst) => toCarryMessage(commit, undone, isFirst, message),
    clone,
  );
  const { out, err } = toCarryLines(outcome, { remote: clone.remote ?? '', source, deploy });
  host.write(
    1,
    out.map((line) => `${line}\n`),
  );
  host.write(
    2,
    err.map((line) => `${line}\n`),
  );
  const { code } = outcome.result;
  return code === 'refused' || code === 'overtaken' ? exitCodes.environment : exitCodes.fine;
}
