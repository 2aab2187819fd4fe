import type { FolderTree } from '../../../src/core/input/folder-tree.ts';
import { toFoundFile } from '../../../src/core/input/folder-tree.ts';
import type { Manifest } from '../../../src/core/manifests/manifest.ts';
import { toJsonText } from '../../../src/core/manifests/manifest-text.ts';
import type { RenderedApplication, RenderOptions } from '../../../src/core/render/application.ts';
import { renderApplication } from '../../../src/core/render/application.ts';

/** Texts by their path from the repository's root. */
export type Files = Readonly<Record<string, string>>;

/** The in-memory side of the folder port; files are found in the order of the keys. */
export function toMemoryTree(files: Files): FolderTree {
  return {
    folder: '.',
    files: Object.keys(files).map(toFoundFile),
    policyRoot: '.',
    ignoredPolicies: [],
    problems: [],
    read: ({ path }) => ({ path, text: files[path] ?? '' }),
  };
}

export function render(files: Files, options: RenderOptions = {}): RenderedApplication<string> {
  return renderApplication(toMemoryTree(files), options, toJsonText);
}

/** What is rendered, as objects. Throws when there are problems: a test that wants none shows them. */
export function renderObjects(files: Files, options: RenderOptions = {}): Manifest[] {
  const { objects, problems } = render(files, options);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(JSON.stringify(errors, null, 2));
  return objects.map(({ output }) => JSON.parse(output) as Manifest);
}
