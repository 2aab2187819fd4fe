/** Which files, and whether the cluster: what one look of `model-mirror status` sees. */
import { relative, resolve, sep } from 'node:path';
import type { Assessment } from '../../core/assess/assess-model.ts';
import { assessModel } from '../../core/assess/assess-model.ts';
import type { PendingStep } from '../../core/assess/pending.ts';
import { toPendingStep } from '../../core/assess/pending.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors, toWholeProblem } from '../../core/diagnostics/problem.ts';
import { quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../../core/input/folder-tree.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { renderDigests } from '../../core/render/digests.ts';
import { isIgnoredPolicy } from '../../core/render/policies.ts';
import { pickModel, toOwnTree } from '../../core/repository/find-model.ts';
import { findRepository, openFolderTree } from '../../io/files/folder-tree.ts';
import { LatestRevision } from '../../io/git-cli/latest.ts';
import { fetchUpstream, findAheadUpstream, findUpstream, toUpstreamName } from '../../io/git-cli/upstream.ts';
import { systemClock } from '../../io/process/clock.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import type { StatusFlags } from '../flags/look-flags.ts';
import { listStatusClusters } from '../flags/look-flags.ts';
import { toNamespace, toToldNamespace } from '../flags/namespace-name.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { toGit } from '../user-git.ts';
import type { FindPending } from './pending.ts';
import { findPending } from './pending.ts';

/** The files that are looked at. */
interface Files {
  readonly tree: FolderTree;
  /** Undefined: those of the working tree. */
  readonly revision: { readonly name: string; readonly commit: string } | undefined;
  /** Something to know of them. */
  readonly hint: string | undefined;
}

/** What one look has found. */
export interface Seen extends Omit<Files, 'tree'> {
  /** What is only here, and what to do about it before all else. */
  readonly first: PendingStep | undefined;
  /** How many there are, also those that are left out. */
  readonly models: number;
  readonly assessments: readonly Assessment[];
  /**
   * Errors, and policies that do not count: other warnings are left to `validate`, and what is wrong with
   * a status file is shown with its model.
   */
  readonly problems: readonly Problem[];
}

export type Look = (signal: AbortSignal) => Promise<Seen>;

/** @throws Fault for what cannot be meant, and when there is no kubeconfig. */
export async function toLook(name: string | undefined, flags: StatusFlags, places: Places, host: Host): Promise<Look> {
  const cluster = toClusterName(flags.cluster);
  const namespace = toNamespace(flags.namespace);
  const readFiles = toReader(flags, places, host);
  const toAbsolute = (file: string | undefined) => file && resolve(host.workingDirectory, file);
  const live =
    flags.live === true
      ? new (await import('./cluster-look.ts')).ClusterLook({
          kubeconfig: toAbsolute(flags.kubeconfig),
          context: flags.context,
        })
      : undefined;
  return async (signal) => {
    const files = await readFiles(signal);
    const clusters = listStatusClusters(flags, files.tree);
    const { rollouts, problems } = renderMeant(name, { places, tree: files.tree, cluster }, namespace);
    const own = rollouts.map((rendered) => ({ rendered, namespace: toOwnNamespace(rendered, namespace) }));
    const seen =
      live &&
      (await live.look(
        own.map(({ rendered, namespace: known }) => toLookedAt(rendered, known)),
        { now: systemClock.now(), signal },
      ));
    const pending = await readPending(files);
    const toFile = ({ rollout }: RenderedRollout) => rollout.file.source.path;
    const assessments = own.map(({ rendered }, i) => {
      const here = files.revision === undefined ? pending?.([toFile(rendered)]) : undefined;
      return assessModel(rendered, { live: seen?.[i], namespace, pending: here, clusters });
    });
    const all = pending?.(rollouts.map(toFile));
    return {
      assessments:
        flags.differing === true ? assessments.filter(({ differences }) => differences.length > 0) : assessments,
      models: assessments.length,
      problems,
      revision: files.revision,
      first: all && toPendingStep(all),
      hint: files.hint,
    };
  };

  /** What is only here matters also to who looks at the upstream: it is what is missing there. */
  async function readPending({ tree, revision }: Files): Promise<FindPending | undefined> {
    if (flags.revision !== undefined) return undefined;
    const here = revision === undefined ? tree : openFolderTree(places);
    return findPending(places, here, host);
  }
}

/** The files, read anew each time. */
function toReader(flags: StatusFlags, places: Places, host: Host): (signal: AbortSignal) => Promise<Files> {
  const repository = flags.revision === undefined ? findRepository(places.folder) : places.repository;
  // Nobody wants to be asked for a password every ten seconds.
  const isRepeated = flags.watch === true || flags.wait !== undefined;
  const git = repository === undefined ? undefined : toGit(repository, host, !isRepeated);
  if (flags.fetch !== true && flags.revision === undefined)
    return async (signal) => {
      const ahead = git && (await findAheadUpstream(git, signal));
      const hint = ahead && `${ahead} has commits that are not here: pull, or look there with --revision ${ahead}`;
      return { tree: openFolderTree(places), revision: undefined, hint };
    };
  if (repository === undefined || git === undefined)
    throw new Fault('environment', safe`this is not in a git repository`, safe`leave --fetch out`);
  const toPath = (folder: string) => relative(repository, folder).split(sep).join('/') || '.';
  const latest = new LatestRevision(git, { folder: toPath(places.folder), root: toPath(places.root) });
  return async (signal) => {
    let name = flags.revision;
    let ref = name;
    if (name === undefined) {
      const upstream = await findUpstream(git, flags.branch, signal);
      await fetchUpstream(git, upstream, signal);
      name = toUpstreamName(upstream);
      ref = upstream.ref;
    }
    const { commit, tree } = await latest.read(ref ?? name);
    return { tree, revision: { name, commit }, hint: undefined };
  };
}

interface Rendered {
  readonly rollouts: readonly RenderedRollout[];
  readonly problems: readonly Problem[];
}

/** The model that is meant, or all below the folder. */
function renderMeant(
  name: string | undefined,
  {
    places,
    tree,
    cluster,
  }: { readonly places: Places; readonly tree: FolderTree; readonly cluster: string | undefined },
  namespace: string | undefined,
): Rendered {
  if (name === undefined) {
    const { rollouts, problems } = renderDigests(tree, { cluster, namespace });
    const shown = toShownProblems(problems);
    return { rollouts, problems: rollouts.length === 0 && !hasErrors(shown) ? [toNoModel(tree)] : shown };
  }
  const target = pickModel(name, tree, places);
  if ('problems' in target) return { rollouts: [], problems: target.problems };
  const { rollouts, problems } = renderDigests(toOwnTree(target), { cluster, namespace });
  const shown = toShownProblems(problems);
  if (hasErrors(shown)) return { rollouts: [], problems: shown };
  return { rollouts: rollouts.filter(({ rollout }) => rollout.file.source.path === target.file.path), problems: shown };
}

function toShownProblems(problems: readonly Problem[]): Problem[] {
  return problems.filter((problem) => problem.severity === 'error' || isIgnoredPolicy(problem));
}

function toNoModel({ folder }: FolderTree): Problem {
  return toWholeProblem(folder, {
    code: 'no-model',
    message: safe`there is no model in this folder or below`,
    hint: safe`name another folder with --path`,
  });
}

function toOwnNamespace({ rollout, status }: RenderedRollout, otherwise: string | undefined): string | undefined {
  return rollout.file.model.metadata.namespace ?? otherwise ?? toToldNamespace(status);
}

function toLookedAt({ rollout, status }: RenderedRollout, namespace: string | undefined) {
  if (namespace === undefined)
    throw new Fault(
      'usage',
      safe`neither ${quote(rollout.name)} nor its status file names a namespace to look at`,
      safe`name it with --namespace`,
    );
  const { name, primary, candidate } = rollout;
  return { name, namespace, primary: primary.name, candidate: candidate?.name, told: status?.status };
}
