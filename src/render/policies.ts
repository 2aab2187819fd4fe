/** The policies of an application: which of them hold for a model, and which hold for none. */
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { isWithin, toFolderChain, toFoundFile } from '../input/folder-tree.ts';
import { parsePolicy, toProblem } from '../input/parse-document.ts';
import type { Problem } from '../input/problem.ts';
import { toWholeProblem } from '../input/problem.ts';
import { quote, safe } from '../input/safe-text.ts';
import type { Patch } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import type { EffectivePolicy, PolicyFile } from '../rollout/effective-policy.ts';
import { computeEffectivePolicy } from '../rollout/effective-policy.ts';

interface PolicyEntry {
  readonly file: FoundFile;
  /** Undefined when the file cannot be read. */
  readonly policy: PolicyFile | undefined;
}

export class Policies {
  readonly #tree: FolderTree;
  readonly #problems: Problem[] = [];
  readonly #byFolder = new Map<string, PolicyEntry[]>();
  readonly #reached = new Set<PolicyEntry>();
  readonly #effective = new Map<string, EffectivePolicy>();

  /** @param files the policy files of the tree. */
  constructor(tree: FolderTree, files: readonly FoundFile[]) {
    this.#tree = tree;
    for (const file of files) {
      const source = tree.read(file);
      if (!this.#isInside(file) && isForeign(source)) continue;
      const entry = { file, policy: this.#parse(source) };
      const beside = this.#byFolder.get(file.folder);
      if (beside === undefined) this.#byFolder.set(file.folder, [entry]);
      else beside.push(entry);
    }
  }

  /** What was wrong with the files, and with what they make together for the models asked for so far. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** The policy that holds for a model file; models with the same policies share it. */
  policyFor(model: FoundFile): EffectivePolicy {
    const levels = this.#levelsOf(model);
    for (const entry of levels.flat()) this.#reached.add(entry);
    // The nearest level tells all others: they are those of the folders around it.
    const nearest = levels.at(-1)?.at(-1)?.file.path ?? '';
    const known = this.#effective.get(nearest);
    if (known !== undefined) return known;
    const { policy, problems } = computeEffectivePolicy(
      levels.map((level) => level.flatMap((entry) => (entry.policy === undefined ? [] : [entry.policy]))),
      levels.flat().every((entry) => entry.policy !== undefined),
      this.#tree.policyRoot,
    );
    this.#problems.push(...problems);
    this.#effective.set(nearest, policy);
    return policy;
  }

  /** Policies in the rendered folder that no model has asked for. */
  findUnreached(): Problem[] {
    return [...this.#byFolder.values()].flat().flatMap((entry) => {
      // Models that a policy above the folder is for may lie in another application.
      if (this.#reached.has(entry) || entry.policy === undefined || !this.#isInside(entry.file)) return [];
      return [
        toProblem(entry.policy.source, [], {
          code: 'policy-reaches-no-model',
          message: safe`there is no model in this folder or below it`,
          hint: safe`move the policy to its models, or delete it`,
        }),
      ];
    });
  }

  /** Patches that had no object in any model; each is part of every effective policy below it. */
  findUnmatched(used: ReadonlySet<Patch>): Problem[] {
    return [...this.#effective.values()]
      .flatMap((effective) => effective.patches)
      .filter(({ patch, origin }) => !used.has(patch) && this.#isInside(toFoundFile(origin.source.path)))
      .map(({ patch: { target }, origin }) =>
        toProblem(origin.source, [...origin.path, 'target'], {
          code: 'patch-matches-nothing',
          message: safe`no ${target.kind}${target.name === undefined ? '' : safe` called ${quote(target.name)}`} is rendered for the models of this policy`,
          hint: safe`fix the target, or remove the patch`,
        }),
      );
  }

  /** Of each folder from the root inwards; folders without a policy are left out. */
  #levelsOf(model: FoundFile): PolicyEntry[][] {
    return toFolderChain(model.folder).flatMap((folder) => {
      const level = this.#byFolder.get(folder);
      return level === undefined ? [] : [level];
    });
  }

  #isInside(file: FoundFile): boolean {
    return isWithin(file.folder, this.#tree.folder);
  }

  #parse(source: SourceFile | Problem): PolicyFile | undefined {
    if ('code' in source) {
      this.#problems.push(source);
      return undefined;
    }
    const { value: policy, problems } = parsePolicy(source);
    this.#problems.push(...problems);
    return policy && { source, policy };
  }
}

/**
 * Other tools call their files policy.yaml too. In the folder that is rendered that is a problem; in the
 * folders above, where it may be nobody's to rename, it is none. An empty file may be a policy that was lost.
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

/** Commands that leave warnings to `validate` show these: they say that limits may not hold. */
export function isIgnoredPolicy({ code }: Problem): boolean {
  return code === 'policy-ignored';
}
