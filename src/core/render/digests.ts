import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { toFoundFile } from '../input/folder-tree.ts';
import { digestAnnotation } from '../manifests/manifest.ts';
import type { RenderedApplication } from './application.ts';
import { renderApplication } from './application.ts';

/** Every object is its digest; only InferenceServices have one. */
export type Digests = RenderedApplication<string | undefined>;

interface DigestOptions {
  readonly cluster?: string | undefined;
  /** For models that name no namespace. */
  readonly namespace?: string | undefined;
  /** Texts that replace or add files, by path. */
  readonly edited?: ReadonlyMap<string, string>;
}

/** What is declared of all models of a tree, without the objects. */
export function renderDigests(
  tree: FolderTree,
  { cluster, namespace, edited = new Map() }: DigestOptions = {},
): Digests {
  const files = [...edited.keys()].filter((path) => !tree.files.some((file) => file.path === path));
  const read = (file: FoundFile) => {
    const text = edited.get(file.path);
    return text === undefined ? tree.read(file) : { path: file.path, text };
  };
  return renderApplication(
    { ...tree, files: [...tree.files, ...files.map(toFoundFile)], read },
    { anyNamespace: true, namespace, cluster, allowEmpty: true },
    ({ metadata }) => metadata.annotations?.[digestAnnotation],
  );
}
