/** What the watcher's pages share: what it knows of itself, what is wrong, how states look, and the styles. */
import { mask } from '../core/diagnostics/safe-text.ts';
import type { VersionStatus } from '../core/input/schema.ts';
import { pageCss } from './html-frame.ts';
import { toHtmlText } from './html-text.ts';
import { toTimeText } from './time-text.ts';
import type { WatcherState, WatcherTrouble } from './watched-models.ts';
import { toAgoText, toTroubleText } from './words/watcher.ts';

/** Which watcher it is. */
export interface WatcherIdentity {
  readonly version: string;
  /** The address. */
  readonly repository: string;
  readonly branch: string;
  /** From the repository's root; `.` for the root. */
  readonly path: string;
  /** Undefined: it has no name. */
  readonly cluster: string | undefined;
}

/** Files and claims beyond that are counted. */
const maxTroubles = 10;

/** Empty where all is well. @param now seconds since 1970. */
export function toTroubles(troubles: readonly WatcherTrouble[], now: number): string {
  if (troubles.length === 0) return '';
  const shown = troubles.slice(0, maxTroubles).map((trouble) => toHtmlText(toTroubleText(trouble, now)));
  const more = troubles.length > maxTroubles ? [`and ${troubles.length - maxTroubles} more, which its log has`] : [];
  return `<section class="troubles" aria-label="Problems">
<ul>${[...shown, ...more].map((text) => `<li>${text}</li>`).join('\n')}</ul>
</section>
`;
}

/** @param now seconds since 1970. */
export function toFacts(
  { version, repository, branch, path, cluster }: WatcherIdentity,
  { startedAt, commit, push, comparer }: WatcherState,
  now: number,
): string {
  const place = path === '.' ? branch : `${branch}, below ${path}`;
  const rows: readonly (readonly [string, string])[] = [
    ...(cluster === undefined ? [] : [['Cluster', toHtmlText(cluster)] as const]),
    ['Branch', `${toHtmlText(place)} of ${toHtmlText(mask(repository))}`],
    [
      'Last commit read',
      commit === undefined
        ? 'none yet'
        : `${toCommit(commit.id)} <q>${toHtmlText(mask(commit.subject))}</q>; the branch was looked at ${toAgoText(commit.readAt, now)}`,
    ],
    ['Last push', push === undefined ? 'none since the start' : `${toCommit(push.commit)}, ${toAgoText(push.at, now)}`],
    [
      'Comparer',
      comparer === undefined
        ? 'not asked, as nothing is judged'
        : `${comparer.replicas === 1 ? '1 replica' : `${comparer.replicas} replicas`} answered, ${toAgoText(comparer.askedAt, now)}`,
    ],
    ['Watcher', `${toHtmlText(version)}, started ${toAgoText(startedAt, now)}`],
    ['This page', `made at ${toTimeText(now)} UTC`],
  ];
  return `<dl class="facts">
${rows.map(([title, html]) => `<div><dt>${title}</dt><dd>${html}</dd></div>`).join('\n')}
</dl>
`;
}

function toCommit(id: string): string {
  return `<code>${toHtmlText(id.slice(0, 7))}</code>`;
}

/** Text characters that do not depend on colour. */
const signs: Readonly<Record<VersionStatus['state'], string>> = {
  Failed: '✗',
  Missing: '∅',
  Stopped: '■',
  Deleting: '−',
  Pending: '○',
  Loading: '◐',
  Ready: '✓',
};

/** A version's state with its sign and colour. */
export function toStateTag({ state, reason }: Pick<VersionStatus, 'state' | 'reason'>): string {
  const said = reason === undefined ? '' : ` <span class="quiet">${toHtmlText(mask(reason))}</span>`;
  return `<span class="tag ${state.toLowerCase()}">${signs[state]} ${state}</span>${said}`;
}

export const watcherCss = `${pageCss}
:root { --good: #116329; --busy: #0550ae; --bad: #a40e26; --link: #0550ae; --warn: #fff4d6; --warn-text: #5c3c00 }
@media (prefers-color-scheme: dark) { :root { --good: #56d364; --busy: #79b8ff; --bad: #ff8f87; --link: #79b8ff; --warn: #3a2d0a; --warn-text: #f2d48a } }
a { color: var(--link) } .quiet, dt, caption { color: var(--quiet) } h1 small { font-weight: 400; font-size: .6em; color: var(--quiet) }
.tag { font-weight: 600; white-space: nowrap } .tag.ready { color: var(--good) }
.tag.loading, .tag.pending { color: var(--busy) } .tag.failed, .tag.missing { color: var(--bad) }
.troubles { background: var(--warn); color: var(--warn-text); border-left: 4px solid currentColor; padding: 8px 12px; margin: 12px 0 }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 4px 24px; margin: 12px 0; font-size: .9em }
dt { float: left; margin-right: 8px } dt::after { content: ":" } dd { margin: 0 }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 16px; padding: 0; margin: 12px 0 }
[aria-current] { font-weight: 700; color: inherit; text-decoration: none }
form { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 12px 0 }
input, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--quiet); border-radius: 4px; padding: 4px 10px; max-width: 100%; box-sizing: border-box }
caption { text-align: left; padding: 4px 0 } th .quiet { font-weight: 400 } .rows { min-width: 0 } .rows th { font-weight: 600 }
.next { background: var(--ground); border-left: 4px solid var(--link); padding: 8px 12px; margin: 12px 0 }
.statements { margin: 0 } .statements div { margin: .3em 0 } .statements dt { min-width: 7em }
svg.bar { min-width: 0; width: 240px; max-width: 100%; height: 14px } svg.bar rect { stroke: none }
svg.bar line { stroke: var(--text); stroke-width: 2 }
@media (max-width: 760px) {
  .rows thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .rows, .rows caption, .rows tbody, .rows tr, .rows td, .rows th { display: block } .rows tbody tr { border-top: 2px solid var(--line); padding: 6px 0 }
  .rows td, .rows tbody th { border: 0; padding: 2px 0; white-space: normal } .rows td:empty { display: none }
  .rows td[data-title]::before { content: attr(data-title) ": "; color: var(--quiet) }
}
`;
