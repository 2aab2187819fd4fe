/** Where files name the version of model-mirror: known by form, so that a new place is found too. */

/** A pinned plugin's name, an image, a package, a tag in a kustomization, and the chart. */
const form = /(?<=model-mirror(?:-v|[:@])|newTag: |^version: |^appVersion: )(\d+\.\d+\.\d+(?:-[\w.]+)?)/gm;

/** Files that people and clusters follow. Tests read the version from package.json; CHANGELOG.md is history. */
export function mayNameVersion(file: string): boolean {
  return /^(README\.md$|CONTRIBUTING\.md$|plugin\.yaml$|docs\/.*\.md$|plugin\/)/.test(file);
}

export interface VersionPlace {
  readonly line: number;
  readonly version: string;
}

export function findVersions(text: string): VersionPlace[] {
  return [...text.matchAll(form)].map(({ index, 0: version }) => ({
    line: text.slice(0, index).split('\n').length,
    version,
  }));
}

export function withVersion(text: string, version: string): string {
  return text.replaceAll(form, version);
}
