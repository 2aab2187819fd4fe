/**
 * The watcher's page of one model, in the words of `explain`, `analysis` and `history`. No text from git or the cluster is
 * anything but text.
 */
import type { AssessedVersion, Assessment } from '../core/assess/assess-model.ts';
import type { Judgement } from '../core/assess/judgement.ts';
import type { LiveView, Outlook } from '../core/assess/outlook.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import type { DecidedCheck } from '../core/input/verdict-schema.ts';
import type { Timeline } from '../core/timeline/timeline.ts';
import { toConclusions, toMessageLines, toObservedText } from './assessment-text.ts';
import { toCheckPicture } from './check-picture.ts';
import { toHtmlFrame } from './html-frame.ts';
import { toHtmlText } from './html-text.ts';
import { toShellPath, toShellWord } from './shell-word.ts';
import { toTimeText } from './time-text.ts';
import { toTimelineParts } from './timeline-parts.ts';
import type { DescribedModel, ListedModel, WatcherState } from './watched-models.ts';
import type { WatcherIdentity } from './watcher-facts.ts';
import { toFacts, toStateTag, toTroubles, watcherCss } from './watcher-facts.ts';
import { toNextText } from './words/next-step.ts';
import {
  toAboutRunningText,
  toCoverageText,
  toHoldText,
  toLiveBlindnessText,
  toMissingText,
  toProspectText,
  toUnjudgedText,
} from './words/outlook.ts';
import { toCheckLimitText, toPercent, toVerdictText } from './words/verdict.ts';
import type { Wording } from './words/wording.ts';

export interface ModelPage {
  readonly identity: WatcherIdentity;
  readonly state: WatcherState;
  readonly listed: ListedModel;
  readonly described: DescribedModel;
  readonly timeline: Timeline;
  /** Seconds since 1970. */
  readonly now: number;
}

export function toModelPage({ identity, state, listed, described, timeline, now }: ModelPage): string {
  const { name, namespace = 'an unknown namespace', file } = listed;
  const { assessment } = described;
  return toHtmlFrame(
    `${name} in ${namespace}`,
    watcherCss,
    `<nav><a href="../">All models</a></nav>
<h1>${toHtmlText(name)} <small>in ${toHtmlText(namespace)}</small></h1>
${toTroubles(state.troubles.filter(isOfAll), now)}${
  assessment === undefined
    ? toProblems(described, listed)
    : `${toNext(assessment, toWording(identity))}${toVersions(assessment)}${toStatements(assessment, toWording(identity))}`
}${toJudgementPart(described)}<h2>Timeline</h2>
${toTimelinePart(timeline, name, state)}<h2>The watcher</h2>
<p>It reads this model from <code>${toHtmlText(mask(file))}</code>.</p>
${toFacts(identity, state, now)}`,
  );
}

/** Other files are another page's. */
function isOfAll({ code }: WatcherState['troubles'][number]): boolean {
  return code !== 'file' && code !== 'claim';
}

/** Commands as a person types them in a clone. */
function toWording({ cluster }: WatcherIdentity): Wording {
  const toPath = (file: string) => file;
  return {
    toPath,
    toWord: toShellPath,
    place: { folder: undefined, toPath },
    flags: cluster === undefined ? '' : ` --cluster ${toShellWord(cluster)}`,
    look: ' --fetch',
  };
}

function toProblems({ problems }: DescribedModel, { status }: ListedModel): string {
  const items = problems.map(
    ({ file, line, column, message, hint }) =>
      `<li>${toHtmlText(`${file}:${line}:${column}: ${message}`)}: ${toHtmlText(hint)}</li>\n`,
  );
  const observed = [status?.primary, ...(status?.candidates ?? [])].flatMap((version) =>
    version === undefined
      ? []
      : [`<li>${toHtmlText(mask(version.version ?? version.name))} ${toStateTag(version)}</li>\n`],
  );
  return `<p class="next"><b>Next:</b> fix what is wrong with its files. Until then nothing changes in the cluster.</p>
<ul>${items.join('')}</ul>
<h2>Observed</h2>
${observed.length === 0 ? '<p>nothing</p>\n' : `<ul>${observed.join('')}</ul>\n`}`;
}

function toNext(assessment: Assessment, wording: Wording): string {
  return `<p class="next"><b>Next:</b> ${toCommandText(toNextText(assessment, wording))}</p>\n`;
}

/** What is between backticks is to be copied. */
function toCommandText(text: string): string {
  return toHtmlText(text)
    .split('`')
    .map((part, i, { length }) => (i % 2 === 1 && i < length - 1 ? `<code>${part}</code>` : part))
    .join('');
}

function toVersions({ primary, candidates, undeclared, source }: Assessment): string {
  const rows = [
    toVersionRow('primary', primary),
    ...candidates.map((candidate) => toVersionRow('candidate', candidate)),
    ...undeclared.map((version) =>
      toCells(['candidate', 'none', '', `${toHtmlText(mask(version.name))} ${toStateTag(version)}`]),
    ),
  ];
  const observed = source === 'cluster' ? 'In the cluster' : 'In the status file';
  return `<h2>Versions</h2>
<table class="rows">
<thead><tr>${versionHeads.map((head) => `<th scope="col">${head}</th>`).join('')}<th scope="col">${observed}</th></tr></thead>
<tbody>
${rows.join('')}</tbody>
</table>
`;
}

const versionHeads = ['Role', 'Desired', 'Stored at'];

function toVersionRow(role: string, version: AssessedVersion): string {
  const { desired, observed } = version;
  const isSame = observed !== undefined && observed.name === desired.name && observed.digest === desired.digest;
  return toCells([
    role,
    `<b>${toHtmlText(mask(desired.version))}</b> as ${toHtmlText(mask(desired.name))}`,
    desired.storageUri === undefined ? '' : toHtmlText(mask(desired.storageUri)),
    isSame ? toStateTag(observed) : toHtmlText(toObservedText(version)),
  ]);
}

function toCells([role = '', ...cells]: readonly string[]): string {
  const titles = [...versionHeads.slice(1), 'Observed'];
  return `<tr><th scope="row">${role}</th>${cells.map((html, i) => `<td data-title="${titles[i]}">${html}</td>`).join('')}</tr>\n`;
}

/** Why each mirror is open or closed, and what differs; the messages from the cluster. */
function toStatements(assessment: Assessment, wording: Wording): string {
  const { candidates } = assessment;
  const shares = candidates.map(({ desired, observedPercentage }) => ({
    title: candidates.length === 1 ? 'Mirrored now' : `Mirrored to ${desired.version} now`,
    text: observedPercentage > 0 ? `${observedPercentage} % of the requests` : 'nothing',
  }));
  const statements = [...toConclusions(assessment, wording), ...shares].map(
    ({ title, text }) => `<div><dt>${toHtmlText(title)}</dt><dd>${toCommandText(text)}</dd></div>\n`,
  );
  return `<h2>Mirror</h2>
<dl class="statements">
${statements.join('')}</dl>
${toMessageLines(assessment)
  .map((line) => `<p>${toHtmlText(line)}</p>\n`)
  .join('')}`;
}

function toJudgementPart({ judgement, live }: DescribedModel): string {
  if (judgement === undefined) return '';
  return `<h2>Judgement of ${toHtmlText(mask(judgement.candidate.version))}</h2>
${toWritten(judgement)}${toLivePart(live, judgement)}`;
}

/** What is in git. */
function toWritten({ verdict, subject, ramp }: Judgement): string {
  const step = ramp === undefined ? '' : ` of step ${subject.step + 1}`;
  if (verdict === undefined) return `<p>Nothing${step} is decided in git.</p>\n`;
  const text = `<p>In git: ${toHtmlText(toVerdictText(verdict))}</p>\n`;
  return 'checks' in verdict
    ? `${text}${toChecks('What the verdict follows from', verdict.checks.map(toDecidedRow))}`
    : text;
}

function toLivePart(view: LiveView, { awaited }: Judgement): string {
  switch (view.code) {
    case 'found':
      return toOutlookPart(view.outlook);
    case 'unjudged': {
      const items = awaited.map(
        ({ check, calls }) => `<li>${toHtmlText(mask(check))}: ${calls ?? 'more than 100 million'} calls</li>`,
      );
      return `<p>No live counts: ${toHtmlText(toUnjudgedText(view.why))}.</p>
<p>Passing takes at least this many calls, if none is bad:</p>
<ul>${items.join('\n')}</ul>
`;
    }
    case 'not-asked':
    case 'failed':
      return '';
  }
}

function toOutlookPart(outlook: Outlook): string {
  const { live, checks, prospect } = outlook;
  const { verdict, askedAt, blindness, coverage, steps, subject } = live;
  const step = steps > 1 ? `, step ${subject.step + 1} of ${steps}` : '';
  const isDecided = prospect.code === 'decided';
  const texts = [
    toAboutRunningText(outlook),
    toProspectText(prospect),
    toHoldText(live),
    coverage && toCoverageText(coverage),
  ];
  return `<p>Live, at ${toHtmlText(askedAt)}${step}: <b>${verdict}</b>${
    blindness === undefined ? '' : `, ${toHtmlText(toLiveBlindnessText(blindness))}`
  }</p>
${
  checks.length === 0
    ? ''
    : toChecks(
        'Counted so far',
        checks.map((check) => toCheckRow(check, isDecided ? '' : toMissingText(check))),
      )
}${texts.flatMap((text) => (text === undefined ? [] : [`<p>${toHtmlText(text)}</p>\n`])).join('')}`;
}

const checkHeads = ['Check', 'Bad', 'The true share is', 'Limit', 'From 0, with the limit', 'Still to come'];

function toChecks(caption: string, rows: readonly string[]): string {
  return `<table class="rows checks">
<caption>${caption}</caption>
<thead><tr>${checkHeads.map((head) => `<th scope="col">${head}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('')}</tbody>
</table>
`;
}

function toDecidedRow(check: DecidedCheck): string {
  return toCheckRow(check, '');
}

function toCheckRow(check: DecidedCheck, missing: string): string {
  const cells = [
    `${check.bad} of ${check.all}`,
    `${toPercent(check.low)} to ${toPercent(check.high)}`,
    toHtmlText(toCheckLimitText(check)),
    toCheckPicture(check),
    missing === '' ? '' : toHtmlText(missing),
  ];
  return `<tr><th scope="row">${toHtmlText(mask(check.check))}</th>${cells
    .map((html, i) => `<td data-title="${checkHeads[i + 1]}">${html}</td>`)
    .join('')}</tr>\n`;
}

function toTimelinePart(timeline: Timeline, name: string, { startedAt }: WatcherState): string {
  return `<p class="quiet">What this watcher has seen since ${toTimeText(timeline.from)} (UTC); it started at ${toTimeText(startedAt)}. Of commits that
it read together, only the last is named. For all of git's history, run <code>model-mirror history ${toHtmlText(name)}</code>.</p>
${toTimelineParts(timeline)}`;
}
