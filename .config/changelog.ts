/** The lines of CHANGELOG.md: what a changeset says, without hashes and headings. changesets calls the first two. */

/** @returns the changeset's text as an item of a list. */
export async function getReleaseLine({ summary }: { readonly summary: string }): Promise<string> {
  return `- ${summary.trim().replaceAll(/\n(?=[^\n])/g, '\n  ')}`;
}

/** There is one package, so nothing is released for the sake of another. */
export async function getDependencyReleaseLine(): Promise<string> {
  return '';
}

/** @returns the changelog with the headings that changesets puts over major, minor and patch left out of it. */
export function withoutBumpHeadings(changelog: string): string {
  return changelog
    .replaceAll(/^### (?:Major|Minor|Patch) Changes\n\n/gm, '')
    .replaceAll(/^(- .+(?:\n {2}.+)*)\n\n(?=- )/gm, '$1\n');
}
