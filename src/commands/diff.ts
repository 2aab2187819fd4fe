/** What changes between two revisions, or between a revision and the work tree. */
import type { PullRequest, RenderedRevision } from '../core/change/pull-request.ts';
import { comparePullRequest } from '../core/change/pull-request.ts';
import { Fault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { hasErrors } from '../core/diagnostics/problem.ts';
import { quote, safe } from '../core/diagnostics/safe-text.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import { toYamlText } from '../core/manifests/manifest-text.ts';
import type { Revisions, TreePart } from '../core/ports/revisions.ts';
import type { RenderOptions } from '../core/render/application.ts';
import { renderApplication } from '../core/render/application.ts';

export interface DiffRequest extends Pick<RenderOptions, 'namespace' | 'cluster' | 'assumeReady'> {
  /** A revision or a range; undefined: where the work tree's branch left the default branch. */
  readonly base: string | undefined;
  /** Undefined: the work tree; in a bare repository, HEAD. */
  readonly head: string | undefined;
  readonly part: TreePart;
  readonly isBare: boolean;
  /** In percent: the highest share that a mirror can be opened at or raised to without a risk. */
  readonly threshold: number;
}

export interface DiffPorts {
  readonly revisions: Revisions;
  readonly openWorkTree: () => FolderTree;
}

export interface ComparedRevision {
  /** As the user named it; of two that parted, both. */
  readonly revision: string;
  /** The single name to show. */
  readonly name: string;
  /** Undefined: the work tree. */
  readonly commit: string | undefined;
}

export interface Diff {
  readonly base: ComparedRevision;
  readonly head: ComparedRevision;
  /** Undefined when the head has errors. */
  readonly report: PullRequest | undefined;
  /** Of the head. */
  readonly problems: readonly Problem[];
  /** Whether either of the two has models. */
  readonly hasModels: boolean;
}

/** @throws Fault when a revision cannot be read, or the request is contradictory. */
export async function diff(request: DiffRequest, { revisions, openWorkTree }: DiffPorts): Promise<Diff> {
  const { base, head } = await findRevisions(request, revisions);
  const read = async ({ commit }: ComparedRevision) =>
    render(commit === undefined ? openWorkTree() : await revisions.readTree(commit, request.part), request);
  const [before, after] = [await read(base), await read(head)];
  const { problems } = after;
  return {
    base,
    head,
    report: hasErrors(problems) ? undefined : comparePullRequest(before, after, request.threshold),
    problems,
    hasModels: before.models.length + after.models.length > 0,
  };
}

function render(tree: FolderTree, { namespace, cluster, assumeReady = false }: DiffRequest): RenderedRevision {
  const options = { namespace, cluster, assumeReady, anyNamespace: true, allowEmpty: true };
  const { rollouts, objects, problems } = renderApplication(tree, options, toYamlText);
  return { tree, models: rollouts, objects, problems };
}

const workTree: ComparedRevision = { revision: 'work tree', name: 'the work tree', commit: undefined };

async function findRevisions(
  { base = '', head, isBare }: DiffRequest,
  { names }: Revisions,
): Promise<Pick<Diff, 'base' | 'head'>> {
  const toRevision = async (revision: string): Promise<ComparedRevision> => ({
    revision,
    name: revision,
    commit: await names.resolve(revision),
  });
  const toMergeBase = async (one: string, other: string): Promise<ComparedRevision> => ({
    revision: `${one}...${other}`,
    name: one,
    commit: await names.findMergeBase(await names.resolve(one), await names.resolve(other)),
  });
  const range = /^(.*?)(\.\.\.?)(.*)$/s.exec(base);
  if (range !== null) {
    const [, from = '', dots, to = ''] = range;
    if (head !== undefined)
      throw new Fault('usage', safe`${quote(base)} names both revisions already`, safe`leave the second one out`);
    const [one, other] = [from || 'HEAD', to || 'HEAD'];
    return {
      base: dots === '...' ? await toMergeBase(one, other) : await toRevision(one),
      head: await toRevision(other),
    };
  }
  const isWorkTree = head === undefined && !isBare;
  const after = isWorkTree ? workTree : await toRevision(head ?? 'HEAD');
  if (base !== '') return { base: await toRevision(base), head: after };
  const main = await names.findDefaultBranch();
  if (main === undefined) {
    // If there is no commit at all, report that.
    await names.resolve('HEAD');
    throw new Fault('usage', safe`no default branch is known`, safe`pass BASE, as in model-mirror diff origin/main`);
  }
  return { base: await toMergeBase(main, 'HEAD'), head: after };
}
