/** The texts of models and policies as the branch has them, for people who look at a model. */
import type { Finding } from '../core/diagnostics/problem.ts';
import { toWholeProblem } from '../core/diagnostics/problem.ts';
import { toFileRole } from '../core/input/file-role.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import { toFolder, toFolderChain, toFoundFile, toName } from '../core/input/folder-tree.ts';

/** A file's text, or why it cannot be read. */
type Text = string | Finding;

/** What a model is rendered from. */
export interface ModelTexts {
  /** By path: the model, the policies that apply to it, and its status file if there is one. */
  readonly files: ReadonlyMap<string, Text>;
  readonly folder: string;
}

interface ModelPlace {
  readonly file: string;
  readonly folder: string;
  readonly statusFile: string;
}

export class KeptTexts {
  readonly #models = new Map<string, Text>();
  /** By folder and path. */
  readonly #policies = new Map<string, Map<string, Text>>();

  set(path: string, text: Text): void {
    if (!isPolicy(path)) {
      this.#models.set(path, text);
      return;
    }
    const folder = toFolder(path);
    const others = this.#policies.get(folder) ?? new Map<string, Text>();
    this.#policies.set(folder, others.set(path, text));
  }

  delete(path: string): void {
    if (isPolicy(path)) this.#policies.get(toFolder(path))?.delete(path);
    else this.#models.delete(path);
  }

  /** @param status the text of its status file; undefined: there is none. */
  find({ file, folder, statusFile }: ModelPlace, status: string | undefined): ModelTexts {
    const files = new Map<string, Text>();
    for (const outer of toFolderChain(folder))
      for (const [path, text] of this.#policies.get(outer) ?? []) files.set(path, text);
    const model = this.#models.get(file);
    if (model !== undefined) files.set(file, model);
    if (status !== undefined) files.set(statusFile, status);
    return { files, folder };
  }
}

/** What the plugin would see of the model alone. */
export function toModelTree({ files, folder }: ModelTexts): FolderTree {
  return {
    folder,
    files: [...files.keys()].map(toFoundFile),
    policyRoot: '.',
    ignoredPolicies: [],
    problems: [],
    read: ({ path }) => {
      const text = files.get(path) ?? '';
      return typeof text === 'string' ? { path, text } : toWholeProblem(path, text);
    },
  };
}

/**
 * Whether nothing of a model but its status file is different. One policy may be large and apply to all models: nothing here
 * takes longer for it, as the same text is the same value.
 *
 * @param before undefined: there was no such model.
 */
export function isSameButStatus(
  before: ModelTexts | undefined,
  after: ModelTexts,
  statusFile: string | undefined,
): boolean {
  if (before === undefined) return false;
  const toOwn = ({ files }: ModelTexts) => [...files].filter(([path]) => path !== statusFile);
  const own = toOwn(after);
  return own.length === toOwn(before).length && own.every(([path, text]) => before.files.get(path) === text);
}

function isPolicy(path: string): boolean {
  return toFileRole(toName(path))?.kind === 'MirrorPolicy';
}
