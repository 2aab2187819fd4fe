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

/** A model.yaml with a candidate. @param prefix of what versions are called in their storage. */
export function toModelText(name: string, namespace: string, prefix = ''): string {
  return `apiVersion: model-mirror.dev/v1alpha1
kind: Model
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  template:
    metadata: {annotations: {serving.kserve.io/deploymentMode: ModelMesh}}
    spec: {predictor: {model: {modelFormat: {name: sklearn}}}}
  primary: {version: v1, storageUri: "s3://models/${prefix}v1"}
  candidate: {version: v2, storageUri: "s3://models/${prefix}v2"}
`;
}
