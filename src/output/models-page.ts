/**
 * The watcher's page of all models. Invariants: what needs attention comes first; its size is bounded, however many models
 * there are; no text from git or the cluster is anything but text.
 */
import type { AssessedCandidate } from '../core/assess/assess-model.ts';
import { listStrayMirrors } from '../core/assess/assess-model.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import type { CandidateStatus, VersionStatus } from '../core/input/schema.ts';
import { toHtmlFrame } from './html-frame.ts';
import { toHtmlAddress, toHtmlText } from './html-text.ts';
import type { ModelGroup, PickedModels } from './models-query.ts';
import { modelGroups, modelsPerPage, toModelsAddress } from './models-query.ts';
import { toLinkTarget, toShown } from './page-text.ts';
import type { DescribedModel, ListedModel, WatcherState } from './watched-models.ts';
import type { WatcherIdentity } from './watcher-facts.ts';
import { toFacts, toStateTag, toTroubles, watcherCss } from './watcher-facts.ts';
import { toDifferenceText } from './words/difference.ts';
import { toProspectText } from './words/outlook.ts';
import { toStepText } from './words/ramp.ts';
import { toVerdictText } from './words/verdict.ts';
import { toAttentionText } from './words/watcher.ts';

export interface ShownModel {
  readonly listed: ListedModel;
  readonly described: DescribedModel;
}

export interface ModelsPage {
  readonly identity: WatcherIdentity;
  readonly state: WatcherState;
  readonly picked: Omit<PickedModels, 'models'>;
  /** The picked ones. */
  readonly rows: readonly ShownModel[];
  /** Seconds since 1970. */
  readonly now: number;
}

export function toModelsPage({ identity, state, picked, rows, now }: ModelsPage): string {
  return toHtmlFrame(
    identity.cluster === undefined ? 'Models' : `Models in ${identity.cluster}`,
    watcherCss,
    `<h1>Models${identity.cluster === undefined ? '' : ` <small>in ${toHtmlText(identity.cluster)}</small>`}</h1>
${toTroubles(state.troubles, now)}${toFacts(identity, state, now)}${toGroups(picked)}${toSearch(picked)}${
  rows.length === 0 ? toNone(picked) : toTable(picked, rows)
}${toPaging(picked)}`,
  );
}

function toGroups({ query, counts }: ModelsPage['picked']): string {
  const items = Object.entries(modelGroups).map(([name, { title }]) => {
    const group = name as ModelGroup;
    const address = toHtmlAddress(toModelsAddress({ ...query, group, page: 1 }));
    const current = group === query.group ? ' aria-current="page"' : '';
    return `<li><a href="${address}"${current}>${title}</a> ${counts[group]}</li>`;
  });
  return `<nav aria-label="Groups"><ul>${items.join('\n')}</ul></nav>\n`;
}

function toSearch({ query: { text, group } }: ModelsPage['picked']): string {
  const value = text === '' ? '' : ` value="${toHtmlText(text)}"`;
  const kept = group === 'all' ? '' : `<input type="hidden" name="state" value="${group}">`;
  return `<form method="get" action="./" role="search"><label for="q">Name or namespace</label> <input id="q" name="q" type="search"${value}>${kept} <button>Search</button></form>\n`;
}

function toNone({ query, counts }: ModelsPage['picked']): string {
  const isAll = query.text === '' && counts.all === 0;
  return `<p>${isAll ? 'The branch declares no models.' : 'There is no such model.'}</p>\n`;
}

const heads = ['Model', 'Primary', 'Candidate', 'Mirror', 'Verdict', 'Problems'];

function toTable({ query: { page, group }, counts }: ModelsPage['picked'], rows: readonly ShownModel[]): string {
  const first = (page - 1) * modelsPerPage + 1;
  const all = counts[group];
  const caption = all > rows.length ? `${first} to ${first + rows.length - 1} of ${all}` : `${all}`;
  return `<table class="rows">
<caption>${caption} ${all === 1 ? 'model' : 'models'}, what needs attention first</caption>
<thead><tr>${heads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>
${rows.map(toRow).join('')}</tbody>
</table>
`;
}

function toRow({ listed, described }: ShownModel): string {
  const { name, namespace, status } = listed;
  const cells: readonly (readonly [string, string])[] = [
    ['Primary', toPrimaryCell(listed)],
    ['Candidate', (status?.candidates ?? []).map(toVersion).join('<br>')],
    ['Mirror', toMirrorCell(listed, described)],
    ['Verdict', toVerdictCell(listed, described)],
    ['Problems', toProblemCell(listed, described)],
  ];
  const link =
    namespace === undefined
      ? toHtmlText(name)
      : `<a href="${toHtmlAddress(toLinkTarget(`${namespace}/${name}`))}">${toHtmlText(name)}</a>`;
  return `<tr><th scope="row">${link} <span class="quiet">${toHtmlText(namespace ?? 'namespace unknown')}</span></th>${cells
    .map(([title, html]) => `<td data-title="${title}">${html}</td>`)
    .join('')}</tr>\n`;
}

function toPrimaryCell({ status }: ListedModel): string {
  return status?.primary === undefined ? '<span class="quiet">not observed</span>' : toVersion(status.primary);
}

function toVersion(version: VersionStatus): string {
  return `${toHtmlText(mask(version.version ?? version.name))} ${toStateTag(version)}`;
}

/** What is mirrored now, and what the files have where that differs. */
function toMirrorCell({ status }: ListedModel, { assessment }: DescribedModel): string {
  if (assessment === undefined) return (status?.candidates ?? []).map(toLiveMirror).join('<br>');
  const strays = listStrayMirrors(assessment).map(({ to, percentage }) => `${percentage} % to ${toHtmlText(mask(to))}`);
  return [...assessment.candidates.map(toMirror), ...strays].join('<br>');
}

function toLiveMirror({ mirror }: CandidateStatus): string {
  return mirror === undefined || mirror.percentage === 0 ? 'closed' : `${mirror.percentage} %`;
}

function toMirror({ mirror: { percentage }, ramp, observedPercentage }: AssessedCandidate): string {
  const step = ramp === undefined ? '' : `, ${toStepText({ step: ramp.step, steps: ramp.ramp.steps.length })}`;
  const now = observedPercentage > 0 ? `${observedPercentage} %` : 'closed';
  if (percentage === observedPercentage) return `${now}${percentage > 0 ? step : ''}`;
  return `${now}, ${percentage > 0 ? `${percentage} % desired${step}` : 'to be closed'}`;
}

function toVerdictCell({ status }: ListedModel, { live, judgement }: DescribedModel): string {
  const written = status?.candidates.flatMap(({ verdict }) => verdict ?? []).at(0);
  if (written !== undefined) return toHtmlText(toShown(toVerdictText(written), 200));
  if (live.code === 'found') {
    const { live: analysis, prospect } = live.outlook;
    const text = toProspectText(prospect);
    return `${analysis.verdict}${text === undefined ? '' : `: ${toHtmlText(toShown(text, 200))}`}`;
  }
  return judgement === undefined ? '' : 'not judged yet';
}

function toProblemCell({ attention }: ListedModel, { assessment, problems }: DescribedModel): string {
  const [problem] = problems;
  const texts =
    problem === undefined
      ? (assessment?.differences ?? []).map((one) => toDifferenceText(one, { toPath: mask }))
      : [problem.message];
  // What is closed on purpose, or mirrored as it should be, is no problem.
  if (texts.length === 0)
    return ['failing', 'failed', 'primary-not-ready', 'unknown'].includes(attention) ? toAttentionText(attention) : '';
  return toHtmlText(toShown(texts.join('; '), 300));
}

function toPaging({ query, pages }: ModelsPage['picked']): string {
  if (pages === 1) return '';
  const { page } = query;
  const link = (to: number, text: string, rel: string) =>
    `<li><a href="${toHtmlAddress(toModelsAddress({ ...query, page: to }))}"${rel}>${text}</a></li>`;
  const items = [
    ...(page > 1 ? [link(1, 'first', ''), link(page - 1, 'previous', ' rel="prev"')] : []),
    `<li>page ${page} of ${pages}</li>`,
    ...(page < pages ? [link(page + 1, 'next', ' rel="next"'), link(pages, 'last', '')] : []),
  ];
  return `<nav aria-label="Pages"><ul>${items.join('\n')}</ul></nav>\n`;
}
