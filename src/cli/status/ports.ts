/** Flags → what `status` reads: the work tree, a commit or the fetched upstream, and with `--live` the cluster. */
import { relative, sep } from 'node:path';
import type { StatusPorts } from '../../commands/status.ts';
import { withDeployed } from '../../core/carry/deployed-statuses.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import { safe } from '../../core/diagnostics/safe-text.ts';
import type { ReadFiles } from '../../core/ports/observation.ts';
import { wholeTree } from '../../core/ports/revisions.ts';
import { findRepository, openFolderTree } from '../../io/files/folder-tree.ts';
import { findDeployBranches, readDeployed } from '../../io/git-cli/deploy-branches.ts';
import { LatestRevision } from '../../io/git-cli/latest-revision.ts';
import { GitRevisions } from '../../io/git-cli/revisions.ts';
import { fetchUpstream, findAheadUpstream, findUpstream, toUpstreamName } from '../../io/git-cli/upstream.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toApiPlace } from '../flags/cluster-flags.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { toGit } from '../user-git.ts';
import type { StatusFlags } from './flags.ts';
import { findPendingHere } from './pending.ts';

/** @throws Fault when there is no repository to fetch, or no kubeconfig. */
export async function toStatusPorts(flags: StatusFlags, places: Places, host: Host): Promise<StatusPorts> {
  const place = toApiPlace(flags, host);
  const cluster = place && (await import('./cluster.ts')).openCluster(place);
  return {
    readFiles: withDeployBranch(toReadFiles(flags, places, host), flags, places, host),
    listLive: cluster?.listLive,
    // It reads much more than the models' own objects: not again and again.
    reader: flags.watch === true || flags.wait !== undefined ? undefined : cluster?.reader,
    // Files that are only in this clone matter with --fetch, too: they are missing upstream.
    findPending:
      flags.revision === undefined
        ? ({ tree, revision }) => findPendingHere(places, revision === undefined ? tree : openFolderTree(places), host)
        : undefined,
    clock: systemClock,
  };
}

function toReadFiles(flags: StatusFlags, places: Places, host: Host): ReadFiles {
  const repository = flags.revision === undefined ? findRepository(places.folder) : places.repository;
  // A command that fetches again and again must not ask for a password each time.
  const isRepeated = flags.watch === true || flags.wait !== undefined;
  const git = repository === undefined ? undefined : toGit(repository, host, !isRepeated);
  if (flags.fetch !== true && flags.revision === undefined)
    return async (signal) => ({
      tree: openFolderTree(places),
      revision: undefined,
      ahead: git && (await findAheadUpstream(git, signal)),
    });
  if (repository === undefined || git === undefined)
    throw new Fault('environment', safe`this is not in a git repository`, safe`leave --fetch out`);
  const toInner = (folder: string) => relative(repository, folder).split(sep).join('/') || '.';
  const latest = new LatestRevision(git, { folder: toInner(places.folder), root: toInner(places.root) });
  const read = async (name: string, ref = name) => {
    const { commit, tree } = await latest.read(ref);
    return { tree, revision: { name, commit }, ahead: undefined };
  };
  if (flags.revision !== undefined) {
    const { revision } = flags;
    return () => read(revision);
  }
  return async (signal) => {
    const upstream = await findUpstream(git, flags.branch, signal);
    await fetchUpstream(git, upstream, signal);
    return read(toUpstreamName(upstream), upstream.ref);
  };
}

/** Where the model's status files are on a deploy branch, they are read there, as it was last fetched. */
function withDeployBranch(readFiles: ReadFiles, flags: StatusFlags, places: Places, host: Host): ReadFiles {
  const repository = flags.revision === undefined ? findRepository(places.folder) : places.repository;
  if (repository === undefined) return readFiles;
  const git = toGit(repository, host, false);
  let latest: ({ readonly commit: string } & Awaited<ReturnType<typeof readDeployed>>) | undefined;
  return async (signal) => {
    const files = await readFiles(signal);
    const [branch] = await findDeployBranches(git, files.revision?.commit);
    if (branch === undefined) return files;
    using revisions = new GitRevisions(git);
    if (latest?.commit !== branch.commit)
      latest = { commit: branch.commit, ...(await readDeployed(branch, revisions)) };
    // A model with the same name may be anywhere.
    const source =
      files.tree.folder === '.'
        ? files.tree
        : files.revision === undefined
          ? openFolderTree({ ...places, folder: places.repository, root: places.repository })
          : await revisions.readTree(files.revision.commit, wholeTree);
    const { tree, modelPaths } = withDeployed(files.tree, { source, ...latest }, false);
    return { ...files, tree, statusesOn: modelPaths.size === 0 ? undefined : branch.name };
  };
}
