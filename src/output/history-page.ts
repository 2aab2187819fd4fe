/**
 * The story of a model as one page of HTML: a timeline drawn as SVG, its candidates, and every change.
 *
 * Invariants: self-contained, without a script, and nothing is loaded from anywhere; no text from git
 * can become more than text; equal stories give equal bytes.
 */

import { mask } from '../core/diagnostics/safe-text.ts';
import type { Stage, StageVersion, Story, StoryEvent, Trial } from '../core/timeline/story.ts';
import type { StoryNotes } from './history-text.ts';
import { toDeclared, toEnd, toMirrored, toNotes, toReadiness, toSubject, toWho } from './history-text.ts';
import { toShown } from './page-text.ts';
import { toDurationText, toTimeText } from './time-text.ts';

export function toHistoryPage(story: Story, notes: StoryNotes): string {
  const { name, namespace, events, trials } = story;
  const title = `${name} in ${namespace}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${toText(title)}</title>
<style>${css}</style>
</head>
<body>
<main>
<h1>${toText(title)}</h1>
<p>By the history of ${toText(notes.revision)}, from ${toTimeText(story.from)} to ${toTimeText(story.to)} (UTC).</p>
${toNotes(notes)
  .map((note) => `<p class="note">${toText(note)}</p>\n`)
  .join('')}<div class="wide">${toTimeline(story)}</div>
${toLegend(story)}${trials.length === 0 ? '' : toTrialTable(trials)}<h2>Changes</h2>
<ol>
${events.map(toEventItem).join('')}</ol>
</main>
</body>
</html>
`;
}

/** Places in the picture, in its own units. */
const picture = { width: 1000, left: 96, right: 980, height: 236 };
const lanes = {
  primary: { y: 16, height: 30, label: 'Primary' },
  candidate: { y: 62, height: 30, label: 'Candidate' },
  mirror: { y: 108, height: 64, label: 'Mirror' },
} as const;
const axisY = 196;
const tickCount = 5;

type ToX = (time: number) => number;

function toTimeline({ name, from, to, events, primaries, candidates, mirror }: Story): string {
  const span = Math.max(1, to - from);
  const toX: ToX = (time) => picture.left + ((time - from) / span) * (picture.right - picture.left);
  const parts = [
    ...Object.values(lanes).map(
      ({ y, height, label }) =>
        `<text class="lane" x="0" y="${y + height / 2 + 4}">${label}</text><rect class="ground" x="${picture.left}" y="${y}" width="${picture.right - picture.left}" height="${height}"/>`,
    ),
    ...primaries.map((stage) => toVersionBar(stage, lanes.primary, toX)),
    ...candidates.map((stage) => toVersionBar(stage, lanes.candidate, toX)),
    ...mirror.map((stage) => toMirrorBar(stage, toX)),
    `<line class="axis" x1="${picture.left}" y1="${axisY}" x2="${picture.right}" y2="${axisY}"/>`,
    ...events.map((event) => toMark(event, toX)),
    ...Array.from({ length: tickCount + 1 }, (_, i) => toTick(i, from + (span * i) / tickCount, toX)),
  ];
  return `<svg viewBox="0 0 ${picture.width} ${picture.height}" role="img" aria-labelledby="t d">
<title id="t">The timeline of ${toText(name)}</title>
<desc id="d">The versions of primary and candidate, and how much was mirrored, from ${toTimeText(from)} to ${toTimeText(to)}</desc>
${parts.filter((part) => part !== '').join('\n')}
</svg>`;
}

/** What the colours mean: of those that there are. */
function toLegend({ primaries, candidates, mirror }: Story): string {
  const states = [...primaries, ...candidates].flatMap(({ value }) => (value === undefined ? [] : [value.state]));
  const keys = [...new Set(states)]
    .sort((a, b) => legendOrder.indexOf(toClass(a)) - legendOrder.indexOf(toClass(b)))
    .map((state) => [toClass(state), state ?? 'Not seen yet']);
  const all = [...keys, ...(mirror.some(({ value }) => value > 0) ? [['mirror', 'Mirrored']] : [])];
  if (all.length === 0) return '';
  return `<ul class="legend">${all.map(([key, text]) => `<li><b class="${key}"></b>${text}</li>`).join('')}</ul>\n`;
}

const legendOrder = ['ready', 'loading', 'pending', 'failed', 'missing', 'stopped', 'deleting', 'unknown'];

interface Lane {
  readonly y: number;
  readonly height: number;
}

/** So that what lasted a moment is seen as well. */
const minWidth = 3;
/** About as wide as a character is. */
const characterWidth = 7.5;

function toVersionBar({ from, to, value }: Stage<StageVersion | undefined>, { y, height }: Lane, toX: ToX): string {
  if (value === undefined) return '';
  const x = toX(from);
  const width = Math.max(minWidth, toX(to) - x);
  const version = toShown(mask(value.version), 40);
  const text = `${version} ${value.state ?? 'not seen'}, from ${toTimeText(from)} for ${toDurationText(to - from)}`;
  const room = Math.floor((width - 8) / characterWidth);
  const label =
    [...version].length <= room
      ? `<text class="in" x="${round(x + 5)}" y="${y + height / 2 + 4}">${toText(version)}</text>`
      : '';
  return `<g><title>${toText(text)}</title><rect class="${toClass(value.state)}" x="${round(x)}" y="${y}" width="${round(width)}" height="${height}"/>${label}</g>`;
}

function toMirrorBar({ from, to, value }: Stage<number>, toX: ToX): string {
  if (value === 0) return '';
  const { y, height } = lanes.mirror;
  const x = toX(from);
  const width = Math.max(minWidth, toX(to) - x);
  const tall = Math.max(2, (height * value) / 100);
  const label = `${value} %`;
  const isRoomy = label.length * characterWidth + 8 <= width;
  // In the bar where it is tall enough, else above it.
  const isTall = tall >= 20;
  const textY = y + height - (isTall ? 6 : tall + 5);
  const text = isRoomy
    ? `<text${isTall ? ' class="in"' : ''} x="${round(x + 5)}" y="${round(textY)}">${label}</text>`
    : '';
  return `<g><title>${label} mirrored, from ${toTimeText(from)} for ${toDurationText(to - from)}</title><rect class="mirror" x="${round(x)}" y="${round(y + height - tall)}" width="${round(width)}" height="${round(tall)}"/>${text}</g>`;
}

function toMark({ commit, time, lines }: StoryEvent, toX: ToX): string {
  const kind = commit.isStatusOnly ? 'seen' : 'done';
  const words = [`${toTimeText(time)} ${toWho(commit)}`, toSubject(commit), ...lines].filter((text) => text !== '');
  return `<g><title>${words.map(toText).join('&#10;')}</title><circle class="${kind}" cx="${round(toX(time))}" cy="${axisY}" r="4"/></g>`;
}

function toTick(i: number, time: number, toX: ToX): string {
  const anchor = i === 0 ? 'start' : i === tickCount ? 'end' : 'middle';
  const x = round(toX(time));
  const [date = '', clock = ''] = toTimeText(time).split(' ');
  return `<g class="tick" text-anchor="${anchor}"><text x="${x}" y="${axisY + 20}">${date}</text><text x="${x}" y="${axisY + 35}">${clock}</text></g>`;
}

function toTrialTable(trials: readonly Trial[]): string {
  const rows = trials.map((trial) => {
    const { version, storageUri } = trial;
    const cells = [
      version,
      storageUri === undefined ? '' : mask(storageUri),
      toDeclared(trial),
      toReadiness(trial),
      toMirrored(trial),
      toEnd(trial),
    ];
    return `<tr>${cells.map((cell) => `<td>${toText(cell)}</td>`).join('')}</tr>\n`;
  });
  const heads = ['Version', 'Where it lies', 'Declared', 'Ready', 'Mirrored', 'End'];
  return `<h2>Candidates</h2>
<div class="wide"><table>
<thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('')}</tbody>
</table></div>
`;
}

function toEventItem({ commit, time, lines }: StoryEvent): string {
  const subject = toSubject(commit);
  const said = subject === '' ? '' : ` <q>${toText(subject)}</q>`;
  return `<li class="${commit.isStatusOnly ? 'seen' : 'done'}"><p><time>${toTimeText(time)}</time> <b>${toText(toWho(commit))}</b> <code>${commit.id.slice(0, 7)}</code>${said}</p>
<ul>${lines.map((line) => `<li>${toText(mask(line))}</li>`).join('')}</ul></li>
`;
}

function toClass(state: StageVersion['state']): string {
  return (state ?? 'unknown').toLowerCase();
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Text, and nothing but text: in an element as in an attribute. */
function toText(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return toShown(text, 600).replace(/[&<>"']/g, (character) => codes[character] ?? '');
}

const css = `
:root { color-scheme: light dark; --page: #fff; --text: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ground: #f3f5f7;
  --ready: #1a7f37; --loading: #0969da; --failed: #cf222e; --idle: #6e7781; --mirror: #8250df }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #e6edf3; --quiet: #9198a1; --line: #3d444d;
  --ground: #161b22; --ready: #238636; --loading: #1f6feb; --failed: #da3633; --idle: #656c76; --mirror: #8957e5 } }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, "Liberation Sans", Arial, sans-serif }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px; overflow-wrap: anywhere }
h1 { font-size: 1.6em; margin: 0 0 .2em } h2 { font-size: 1.2em; margin: 1.6em 0 .5em }
p { margin: .2em 0 } .note { color: var(--failed) }
.wide { overflow-x: auto; margin-top: 1em } svg { display: block; width: 100%; min-width: 640px; height: auto }
svg text { fill: var(--text); font-size: 13px } .tick text { fill: var(--quiet); font-size: 11px }
svg .in { fill: #fff; font-weight: 600 } .ground { --own: var(--ground) } .axis { stroke: var(--line); stroke-width: 2 }
.ready { --own: var(--ready) } .loading, .pending { --own: var(--loading) } .failed, .missing { --own: var(--failed) }
.stopped, .deleting, .unknown { --own: var(--idle) } .mirror { --own: var(--mirror) } svg rect[class] { fill: var(--own) }
svg rect:not(.ground) { stroke: var(--page); stroke-width: 1 }
circle { stroke: var(--page); stroke-width: 1.5 } circle.done { fill: var(--text) } circle.seen { fill: var(--idle) }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: .6em 0 0; color: var(--quiet); font-size: .87em }
.legend b { display: inline-block; width: 11px; height: 11px; margin-right: 6px; background: var(--own) }
table { border-collapse: collapse; min-width: 820px; width: 100%; font-size: .93em } th { white-space: nowrap }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line) }
ol { list-style: none; margin: 0; padding: 0 } ol > li { border-left: 3px solid var(--line); padding: 2px 0 2px 12px; margin: 8px 0 }
ol > li.done { border-color: var(--mirror) } li.seen p { color: var(--quiet) } ul { margin: 0; padding-left: 1.2em }
time { font-variant-numeric: tabular-nums } code { font-family: ui-monospace, "Liberation Mono", monospace; font-size: .9em }
`;
