/** The policies of an application: which of them hold for a model, and which hold for none. */
import { toFileRole } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { isWithin, toFolderChain, toFoundFile, toSibling } from '../input/folder-tree.ts';
import { parsePolicy, toProblem } from '../input/parse-document.ts';
import type { Problem } from '../input/problem.ts';
import type { Patch } from '../input/schema.ts';
import type { EffectivePolicy, PolicyFile } from '../rollout/effective-policy.ts';
import { computeEffectivePolicy } from '../rollout/effective-policy.ts';

interface PolicyEntry {
  readonly file: FoundFile;
  /** The stem of the one model beside it that it holds for; undefined: the folder and all below. */
  readonly stem: string | undefined;
  /** Undefined when the file cannot be read. */
  readonly policy: PolicyFile | undefined;
}

export class Policies {
  readonly #tree: FolderTree;
  readonly #problems: Problem[] = [];
  readonly #byFolder = new Map<string, PolicyEntry[]>();
  readonly #reached = new Set<PolicyEntry>();
  readonly #effective = new Map<string, EffectivePolicy>();

  /**
   * @param files the policy files of the tree.
   * @param models the paths of its model files: `x.policy.yaml` beside `x.model.yaml` holds for it alone.
   */
  constructor(tree: FolderTree, files: readonly FoundFile[], models: ReadonlySet<string>) {
    this.#tree = tree;
    for (const file of files) {
      const role = toFileRole(file.name);
      const stem = role?.kind === 'MirrorPolicy' && role.stem !== '' ? role.stem : undefined;
      const alone = stem !== undefined && models.has(toSibling(file, `${stem}.model.yaml`));
      const entry = { file, stem: alone ? stem : undefined, policy: this.#read(file) };
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
  policyFor(model: FoundFile, stem: string): EffectivePolicy {
    const levels = this.#levelsOf(model, stem);
    for (const entry of levels.flat()) this.#reached.add(entry);
    // The nearest level tells all others: they are those of the folders around it.
    const nearest = levels.at(-1)?.at(-1)?.file.path ?? '';
    const known = this.#effective.get(nearest);
    if (known !== undefined) return known;
    const { policy, problems } = computeEffectivePolicy(
      levels.map((level) => level.flatMap((entry) => (entry.policy === undefined ? [] : [entry.policy]))),
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
          message: `no ${target.kind}${target.name === undefined ? '' : ` called ${JSON.stringify(target.name)}`} is rendered for the models of this policy`,
          hint: 'mend the target, or remove the patch',
        }),
      );
  }

  /** Of each folder from the root inwards, then of the model alone; levels without a policy are left out. */
  #levelsOf(model: FoundFile, stem: string): PolicyEntry[][] {
    const inFolder = (folder: string, wanted: string | undefined) =>
      (this.#byFolder.get(folder) ?? []).filter((entry) => entry.stem === wanted);
    const levels = toFolderChain(model.folder).map((folder) => inFolder(folder, undefined));
    if (stem !== '') levels.push(inFolder(model.folder, stem));
    return levels.filter((level) => level.length > 0);
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
