/** The policies of an application: which of them hold for a model, and which hold for none. */
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { isWithin, toFolderChain, toFoundFile } from '../input/folder-tree.ts';
import { parsePolicy, toProblem } from '../input/parse-document.ts';
import type { Problem } from '../input/problem.ts';
import { quote } from '../input/quote.ts';
import type { Patch } from '../input/schema.ts';
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
      const entry = { file, policy: this.#read(file) };
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
          message: 'no model lies in this folder or below it',
          hint: 'move the policy to its models, or delete it',
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
          message: `no ${target.kind}${target.name === undefined ? '' : ` called ${quote(target.name)}`} is rendered for the models of this policy`,
          hint: 'mend the target, or remove the patch',
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

  #read(file: FoundFile): PolicyFile | undefined {
    const source = this.#tree.read(file);
    if ('code' in source) {
      this.#problems.push(source);
      return undefined;
    }
    const { value: policy, problems } = parsePolicy(source);
    this.#problems.push(...problems);
    return policy && { source, policy };
  }
}
