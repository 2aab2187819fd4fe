/** The timeline of a model as SVG, for a page of HTML that has the styles. */
import { mask } from '../core/diagnostics/safe-text.ts';
import type { TimelineEvent } from '../core/timeline/events.ts';
import type { OpenMirror, Stage, StageVersion } from '../core/timeline/stages.ts';
import type { Timeline } from '../core/timeline/timeline.ts';
import { toHtmlText } from './html-text.ts';
import { toShown } from './page-text.ts';
import { toDurationText, toTimeText } from './time-text.ts';
import { toAuthorText, toSubject, toTimelineText } from './words/timeline.ts';

/** In the picture's own units. */
const picture = { width: 1000, left: 96, right: 980, height: 236 };
const lanes = {
  primary: { y: 16, height: 30, label: 'Primary' },
  candidate: { y: 62, height: 30, label: 'Candidate' },
  mirror: { y: 108, height: 64, label: 'Mirror' },
} as const;
const axisY = 196;
const tickCount = 5;

type ToX = (time: number) => number;

export function toTimelinePicture({ name, from, to, events, primaries, candidates, mirrors }: Timeline): string {
  const span = Math.max(1, to - from);
  const toX: ToX = (time) => picture.left + ((time - from) / span) * (picture.right - picture.left);
  const parts = [
    ...Object.values(lanes).map(
      ({ y, height, label }) =>
        `<text class="lane" x="0" y="${y + height / 2 + 4}">${label}</text><rect class="ground" x="${picture.left}" y="${y}" width="${picture.right - picture.left}" height="${height}"/>`,
    ),
    ...primaries.map((stage) => toVersionBar(stage, lanes.primary, toX)),
    ...splitLanes(candidates, lanes.candidate).map(([stage, lane]) => toVersionBar(stage, lane, toX)),
    ...splitLanes(mirrors, lanes.mirror).map(([stage, lane]) => toMirrorBar(stage, lane, toX)),
    `<line class="axis" x1="${picture.left}" y1="${axisY}" x2="${picture.right}" y2="${axisY}"/>`,
    ...events.map((event) => toMark(event, toX)),
    ...Array.from({ length: tickCount + 1 }, (_, i) => toTick(i, from + (span * i) / tickCount, toX)),
  ];
  return `<svg viewBox="0 0 ${picture.width} ${picture.height}" role="img" aria-labelledby="t d">
<title id="t">The timeline of ${toHtmlText(name)}</title>
<desc id="d">The versions of primary and candidate, and how much was mirrored, from ${toTimeText(from)} to ${toTimeText(to)}</desc>
${parts.filter((part) => part !== '').join('\n')}
</svg>`;
}

/** What the colours in this picture mean. */
export function toTimelineLegend({ primaries, candidates, mirrors }: Timeline): string {
  const versions = [...primaries, ...candidates].flatMap(({ value }) => value ?? []);
  const states = versions.map(({ state }) => state);
  const keys = [...new Set(states)]
    .sort((a, b) => legendOrder.indexOf(toClass(a)) - legendOrder.indexOf(toClass(b)))
    .map((state) => [toClass(state), state ?? 'Not observed yet']);
  const all = [...keys, ...(mirrors.some(({ value }) => value.length > 0) ? [['mirror', 'Mirrored']] : [])];
  if (all.length === 0) return '';
  return `<ul class="legend">${all.map(([key, text]) => `<li><b class="${key}"></b>${text}</li>`).join('')}</ul>\n`;
}

const legendOrder = ['ready', 'loading', 'pending', 'failed', 'missing', 'stopped', 'deleting', 'unknown'];

interface Lane {
  readonly y: number;
  readonly height: number;
}

/** Candidates of the same time share a lane. */
function splitLanes<T>(stages: readonly Stage<readonly T[]>[], { y, height }: Lane): [Stage<T>, Lane][] {
  return stages.flatMap(({ value: all, ...times }) =>
    all.map((value, i): [Stage<T>, Lane] => {
      const part = height / all.length;
      return [
        { ...times, value },
        { y: y + i * part, height: part },
      ];
    }),
  );
}

/** A stage that lasted a moment must be visible too. */
const minWidth = 3;
/** Roughly. */
const characterWidth = 7.5;

function toVersionBar({ from, to, value }: Stage<StageVersion | undefined>, { y, height }: Lane, toX: ToX): string {
  if (value === undefined) return '';
  const x = toX(from);
  const width = Math.max(minWidth, toX(to) - x);
  const version = toShown(mask(value.version), 40);
  const text = `${version} ${value.state ?? 'not observed'}, from ${toTimeText(from)} for ${toDurationText(to - from)}`;
  const room = Math.floor((width - 8) / characterWidth);
  const label =
    [...version].length <= room
      ? `<text class="in" x="${round(x + 5)}" y="${y + height / 2 + 4}">${toHtmlText(version)}</text>`
      : '';
  return `<g><title>${toHtmlText(text)}</title><rect class="${toClass(value.state)}" x="${round(x)}" y="${y}" width="${round(width)}" height="${height}"/>${label}</g>`;
}

function toMirrorBar({ from, to, value }: Stage<OpenMirror>, { y, height }: Lane, toX: ToX): string {
  const { percentage } = value;
  const x = toX(from);
  const width = Math.max(minWidth, toX(to) - x);
  const tall = Math.max(2, (height * percentage) / 100);
  const label = `${percentage} %`;
  const isRoomy = label.length * characterWidth + 8 <= width;
  // In the bar where it is tall enough, else above it.
  const isTall = tall >= 20;
  const textY = y + height - (isTall ? 6 : tall + 5);
  const text = isRoomy
    ? `<text${isTall ? ' class="in"' : ''} x="${round(x + 5)}" y="${round(textY)}">${label}</text>`
    : '';
  return `<g><title>${label} mirrored, from ${toTimeText(from)} for ${toDurationText(to - from)}</title><rect class="mirror" x="${round(x)}" y="${round(y + height - tall)}" width="${round(width)}" height="${round(tall)}"/>${text}</g>`;
}

function toMark({ commit, time, changes }: TimelineEvent, toX: ToX): string {
  const kind = commit.isStatusOnly ? 'watcher' : 'person';
  const head = `${toTimeText(time)} ${toAuthorText(commit)}`;
  const lines = [head, toSubject(commit), ...changes.map(toTimelineText)].filter((text) => text !== '');
  return `<g><title>${lines.map(toHtmlText).join('&#10;')}</title><circle class="${kind}" cx="${round(toX(time))}" cy="${axisY}" r="4"/></g>`;
}

function toTick(i: number, time: number, toX: ToX): string {
  const anchor = i === 0 ? 'start' : i === tickCount ? 'end' : 'middle';
  const x = round(toX(time));
  const [date = '', clock = ''] = toTimeText(time).split(' ');
  return `<g class="tick" text-anchor="${anchor}"><text x="${x}" y="${axisY + 20}">${date}</text><text x="${x}" y="${axisY + 35}">${clock}</text></g>`;
}

function toClass(state: StageVersion['state']): string {
  return (state ?? 'unknown').toLowerCase();
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
