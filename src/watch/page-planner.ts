/** Tracked models and the page in git → the page to write. Pure. */
import type { PageModel } from '../output/status-page.ts';
import { toStatusPage } from '../output/status-page.ts';
import type { BranchOptions } from './branch-files.ts';
import { toPagePath } from './branch-files.ts';
import type { TrackedModel } from './status-planner.ts';

export interface PlannedPage {
  readonly file: string;
  readonly text: string;
}

/**
 * @param inGit the text of the page in git; undefined: there is none.
 * @returns undefined when no page is wanted, or the one in git is up to date.
 */
export function planPage(
  models: Iterable<TrackedModel>,
  inGit: string | undefined,
  options: BranchOptions,
): PlannedPage | undefined {
  const file = toPagePath(options);
  if (file === undefined) return undefined;
  const shown: PageModel[] = [];
  for (const { namespace, model, status } of models) {
    const { name, folder } = model;
    if (status !== undefined) shown.push({ name, namespace, folder, link: toLink(folder, options.path), status });
  }
  const text = toStatusPage({ models: shown, cluster: options.cluster });
  return text === inGit ? undefined : { file, text };
}

/** A folder from the repository's root → the same from the page's folder. */
function toLink(folder: string, from: string): string {
  if (folder === from) return '.';
  return from === '.' ? folder : folder.slice(from.length + 1);
}
