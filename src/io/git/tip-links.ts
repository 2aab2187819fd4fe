/** Links in the tip, followed to the files that are read in their places. */
import type { Problem } from '../../core/diagnostics/problem.ts';
import { toRefused } from '../../core/repository/entries.ts';
import { answerLater, followLink } from '../../core/repository/links.ts';
import type { TreeEntry } from './objects.ts';
import { parseTree, toEntry, toNameText } from './objects.ts';
import type { Folders } from './tip-folders.ts';
import { folderMode, toInnerPath } from './tip-folders.ts';

/** Where links led. */
export interface FollowedLinks {
  /** Path of a link → id of the file that it leads to. */
  readonly targets: ReadonlyMap<string, string>;
  /** Folders and texts of links that are not among the folders that are kept, by id. */
  readonly beside: ReadonlyMap<string, string>;
}

/** Nothing was followed yet. */
export const noLinks: FollowedLinks = { targets: new Map(), beside: new Map() };

export interface Tip {
  /** The id of its tree. */
  readonly root: string;
  readonly folders: Folders;
  readonly read: (id: string) => Promise<Buffer>;
}

/**
 * @param links by path.
 * @param from the folder that is read: links that leave the repository's part above it are refused.
 * @param before where links led in the last tip.
 * @param written ids of files that were just pushed from here, and so need not be read.
 * @throws what `read` throws when a link leads to what was not fetched.
 */
export async function followLinks(
  tip: Tip,
  links: readonly string[],
  from: string,
  before: FollowedLinks,
  written: ReadonlySet<string>,
): Promise<FollowedLinks & { readonly problems: readonly Problem[] }> {
  const lookup = new TipLookup(tip, before.beside);
  const targets = new Map<string, string>();
  const problems: Problem[] = [];
  for (const path of links) {
    const followed = await answerLater(followLink(path, from), lookup);
    if (followed === undefined) continue;
    if (!('file' in followed)) {
      problems.push(toRefused(path, followed));
      continue;
    }
    const id = (await lookup.find(followed.file))?.oid ?? '';
    // What a new link leads to may be old, and then it was not fetched with this tip.
    if (before.targets.get(path) !== id && !written.has(id)) await tip.read(id);
    targets.set(path, id);
  }
  return { targets, beside: lookup.beside, problems };
}

/** Looks up paths in the tip: among the folders that are kept, or beside them. */
class TipLookup {
  readonly beside = new Map<string, string>();
  readonly #tip: Tip;
  readonly #known: ReadonlyMap<string, string>;
  readonly #parsed = new Map<string, ReadonlyMap<string, TreeEntry>>();

  constructor(tip: Tip, known: ReadonlyMap<string, string>) {
    this.#tip = tip;
    this.#known = known;
  }

  async find(path: string): Promise<TreeEntry | undefined> {
    let found: TreeEntry = { mode: folderMode, name: '', oid: this.#tip.root };
    let at = '.';
    for (const part of path === '.' ? [] : path.split('/')) {
      if (toEntry(found).kind !== 'folder') return undefined;
      const next = (await this.#readFolder(at, found.oid)).get(part);
      if (next === undefined) return undefined;
      found = next;
      at = toInnerPath(at, part);
    }
    return found;
  }

  readonly kindOf = async (path: string) => {
    const entry = await this.find(path);
    return entry && toEntry(entry).kind;
  };

  readonly targetOf = async (path: string) => {
    const entry = await this.find(path);
    return entry === undefined ? '' : toNameText(await this.#readBeside(entry.oid));
  };

  readonly list = async (path: string) => {
    const entry = await this.find(path);
    if (entry === undefined || toEntry(entry).kind !== 'folder') return [];
    return [...(await this.#readFolder(path, entry.oid)).values()].map(toEntry);
  };

  async #readFolder(path: string, id: string): Promise<ReadonlyMap<string, TreeEntry>> {
    const known = this.#parsed.get(id);
    if (known !== undefined) return known;
    const folder = this.#tip.folders.get(path);
    const raw = folder?.id === id && folder.tree !== undefined ? folder.tree.raw : await this.#readBeside(id);
    const entries = parseTree(Buffer.from(raw, 'latin1')).map((entry) => ({ ...entry, name: toNameText(entry.name) }));
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    this.#parsed.set(id, byName);
    return byName;
  }

  async #readBeside(id: string): Promise<string> {
    const text = this.#known.get(id) ?? this.beside.get(id) ?? (await this.#tip.read(id)).toString('latin1');
    this.beside.set(id, text);
    return text;
  }
}
