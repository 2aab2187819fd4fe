/** Which commit of the source branch was carried last: each commit of the watcher on the deploy branch names it. */

/** How far back the newest commit that names one is searched on the deploy branch, in commits. */
export const carrySearch = 256;

const line = /^Carried: ([0-9a-f]{64}|[0-9a-f]{40})$/;

/** @returns the id in the last paragraph of a commit's message (git-interpret-trailers(1)); undefined: there is none. */
export function readCarried(message: string): string | undefined {
  const last =
    message
      .trimEnd()
      .split(/\n[ \t]*\n/)
      .at(-1) ?? '';
  const ids = last.split('\n').flatMap((text) => line.exec(text)?.[1] ?? []);
  return message.trimEnd() === last ? undefined : ids.at(-1);
}

export function toTrailer(commit: string): string {
  return `Carried: ${commit}`;
}
