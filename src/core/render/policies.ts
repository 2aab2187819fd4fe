/** The policies of an application: which of them hold for a model, and which hold for none. */

import type { Problem } from '../diagnostics/problem.ts';
import { toWholeProblem } from '../diagnostics/problem.ts';
import { mask, quote, safe } from '../diagnostics/safe-text.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { isWithin, toFolderChain, toFoundFile } from '../input/folder-tree.ts';
import { parsePolicy, toProblem } from '../input/parse-document.ts';
import type { Patch } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import type { EffectivePolicy, PolicyFile } from '../rollout/effective-policy.ts';
import { computeEffectivePolicy } from '../rollout/effective-policy.ts';

interface PolicyEntry {
  readonly file: FoundFile;
  /** Undefined when the file cannot be read. */
  readonly policy: PolicyFile | undefined;
}

/** The policy files of an application, by their folder. */
export interface PolicyFolders {
  /** The folder that is rendered, and the outermost whose policies count. */
  readonly tree: Pick<FolderTree, 'folder' | 'policyRoot'>;
  readonly byFolder: ReadonlyMap<string, readonly PolicyEntry[]>;
  readonly problems: readonly Problem[];
}

/** @param files the policy files of the tree. */
export function loadPolicies(tree: FolderTree, files: readonly FoundFile[]): PolicyFolders {
  const byFolder = new Map<string, PolicyEntry[]>();
  const problems: Problem[] = [];
  for (const file of files) {
    const source = tree.read(file);
    if (!isWithin(file.folder, tree.folder) && isForeign(source)) continue;
    const parsed = 'code' in source ? { value: undefined, problems: [source] } : parsePolicy(source);
    problems.push(...parsed.problems);
    const policy = 'code' in source || parsed.value === undefined ? undefined : { source, policy: parsed.value };
    byFolder.set(file.folder, [...(byFolder.get(file.folder) ?? []), { file, policy }]);
  }
  return { tree, byFolder, problems };
}

export interface EffectivePolicies {
  /** The policy that holds for the models of a folder; folders with the same policy files share it. */
  readonly byFolder: ReadonlyMap<string, EffectivePolicy>;
  readonly problems: readonly Problem[];
  /** Policies in the rendered folder without a model in their folder or below. */
  readonly unreached: readonly Problem[];
}

/** @param folders those of the models. */
export function computeEffectivePolicies(
  { tree, byFolder }: PolicyFolders,
  folders: Iterable<string>,
): EffectivePolicies {
  const problems: Problem[] = [];
  const reached = new Set<PolicyEntry>();
  const byNearest = new Map<string, EffectivePolicy>();
  const effective = new Map<string, EffectivePolicy>();
  for (const folder of new Set(folders)) {
    // Of each folder from the root inwards; folders without a policy are left out.
    const levels = toFolderChain(folder).flatMap((outer) => {
      const level = byFolder.get(outer);
      return level === undefined ? [] : [level];
    });
    // The nearest level determines all others: they are those of the folders around it.
    const nearest = levels.at(-1)?.at(-1)?.file.path ?? '';
    let policy = byNearest.get(nearest);
    if (policy === undefined) {
      const entries = levels.flat();
      for (const entry of entries) reached.add(entry);
      const computed = computeEffectivePolicy(
        levels.map((level) => level.flatMap((entry) => entry.policy ?? [])),
        entries.every((entry) => entry.policy !== undefined),
        tree.policyRoot,
      );
      problems.push(...computed.problems);
      policy = computed.policy;
      byNearest.set(nearest, policy);
    }
    effective.set(folder, policy);
  }
  const unreached = [...byFolder.values()].flat().flatMap((entry) => {
    // Models that a policy above the folder is for may be in another application.
    if (reached.has(entry) || entry.policy === undefined || !isWithin(entry.file.folder, tree.folder)) return [];
    return [
      toProblem(entry.policy.source, [], {
        code: 'policy-reaches-no-model',
        message: safe`there is no model in this folder or below it`,
        hint: safe`move the policy to its models, or delete it`,
      }),
    ];
  });
  return { byFolder: effective, problems, unreached };
}

/**
 * Patches of the rendered folder without an object in any model.
 *
 * @param used those with one; each is part of every effective policy below it.
 */
export function findUnmatchedPatches(
  policies: Iterable<EffectivePolicy>,
  used: ReadonlySet<Patch>,
  folder: string,
): Problem[] {
  return [...new Set(policies)]
    .flatMap((policy) => policy.patches)
    .filter(({ patch, origin }) => !used.has(patch) && isWithin(toFoundFile(origin.source.path).folder, folder))
    .map(({ patch: { target }, origin }) =>
      toProblem(origin.source, [...origin.path, 'target'], {
        code: 'patch-matches-nothing',
        message: safe`no ${mask(target.kind)}${target.name === undefined ? '' : safe` called ${quote(target.name)}`} is rendered for the models of this policy`,
        hint: safe`fix the target, or remove the patch`,
      }),
    );
}

/**
 * Other tools call their files policy.yaml too. In the folder that is rendered that is a problem; in the
 * folders above, where nobody may be able to rename it, it is none. An empty file may be a policy that was lost.
 */
function isForeign(source: SourceFile | Problem): boolean {
  return 'text' in source && source.text.trim() !== '' && !/model-mirror|MirrorPolicy/.test(source.text);
}

/** An option may leave outer policies out, limits and all, but never silently. */
export function toIgnoredProblems({ policyRoot, ignoredPolicies }: FolderTree): Problem[] {
  return ignoredPolicies.map((path) =>
    toWholeProblem(
      path,
      {
        code: 'policy-ignored',
        message: safe`this policy does not count: by an option, policies count from ${quote(policyRoot)} only`,
        hint: safe`leave out --root or the parameter root, and policies count from the repository's root`,
      },
      'warning',
    ),
  );
}

/** Commands that leave warnings to `validate` show these: limits may not hold. */
export function isIgnoredPolicy({ code }: Problem): boolean {
  return code === 'policy-ignored';
}
