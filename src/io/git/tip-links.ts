/** Links in the tip, followed to the files that are read in their places. */
import type { Problem } from '../../core/diagnostics/problem.ts';
import { toRefused } from '../../core/repository/entries.ts';
import { answerLater, followLink } from '../../core/repository/links.ts';
import { parseTree, toNameText } from './objects.ts';
import type { Folders } from './tip-folders.ts';
import type { TreeEntries } from './tree-lookup.ts';
import { TreeLookup } from './tree-lookup.ts';

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

/** The ids of the links in the folders that have not been read before. */
export function listLinkIds(folders: Folders, before: FollowedLinks): string[] {
  return [...folders.values()].flatMap(({ tree }) => {
    if (tree === undefined || tree.links.length === 0) return [];
    const names = new Set(tree.links);
    const links = parseTree(Buffer.from(tree.raw, 'latin1'), (name) => names.has(toNameText(name)));
    return links.map(({ oid }) => oid).filter((id) => !before.beside.has(id));
  });
}

/**
 * @param links by path.
 * @param from the folder that is read: links that leave the repository's part above it are refused.
 * @param before where links led in the last tip.
 * @throws what `read` throws when a link leads to what was not fetched.
 */
export async function followLinks(
  tip: Tip,
  links: readonly string[],
  from: string,
  before: FollowedLinks,
): Promise<FollowedLinks & { readonly problems: readonly Problem[] }> {
  const beside = new Map<string, string>();
  const lookup = toLookup(tip, async (id) => {
    const text = before.beside.get(id) ?? beside.get(id) ?? (await tip.read(id)).toString('latin1');
    beside.set(id, text);
    return text;
  });
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
    targets.set(path, id);
  }
  return { targets, beside, problems };
}

/** @param read an object that is not among the folders that are kept. */
function toLookup({ root, folders }: Tip, read: (id: string) => Promise<string>): TreeLookup {
  const parsed = new Map<string, TreeEntries>();
  const readFolder = async (id: string, path: string) => {
    const known = parsed.get(id);
    if (known !== undefined) return known;
    const folder = folders.get(path);
    const raw = folder?.id === id && folder.tree !== undefined ? folder.tree.raw : await read(id);
    const entries = new Map(
      parseTree(Buffer.from(raw, 'latin1')).map((entry) => {
        const name = toNameText(entry.name);
        return [name, { ...entry, name }];
      }),
    );
    parsed.set(id, entries);
    return entries;
  };
  return new TreeLookup(root, readFolder, async (id) => toNameText(await read(id)));
}
