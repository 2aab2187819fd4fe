/** A timeline in HTML: a picture, its candidates, and every change. */
import { mask } from '../core/diagnostics/safe-text.ts';
import type { TimelineEvent } from '../core/timeline/events.ts';
import type { Timeline } from '../core/timeline/timeline.ts';
import type { Trial } from '../core/timeline/trials.ts';
import { toHtmlText } from './html-text.ts';
import { toTimeText } from './time-text.ts';
import { toTimelineLegend, toTimelinePicture } from './timeline-picture.ts';
import {
  toAuthorText,
  toDeclared,
  toEnd,
  toMirrored,
  toReadiness,
  toSubject,
  toTimelineText,
} from './words/timeline.ts';

export function toTimelineParts(timeline: Timeline): string {
  const { events, trials } = timeline;
  return `<div class="wide">${toTimelinePicture(timeline)}</div>
${toTimelineLegend(timeline)}${trials.length === 0 ? '' : toTrialTable(trials)}<h2>Changes</h2>
<ol>
${events.map(toEventItem).join('')}</ol>
`;
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
    return `<tr>${cells.map((cell) => `<td>${toHtmlText(cell)}</td>`).join('')}</tr>\n`;
  });
  const heads = ['Version', 'Stored at', 'Declared', 'Ready', 'Mirrored', 'End'];
  return `<h2>Candidates</h2>
<div class="wide"><table>
<thead><tr>${heads.map((head) => `<th>${head}</th>`).join('')}</tr></thead>
<tbody>
${rows.join('')}</tbody>
</table></div>
`;
}

function toEventItem({ commit, time, changes }: TimelineEvent): string {
  const subject = toSubject(commit);
  const quoted = subject === '' ? '' : ` <q>${toHtmlText(subject)}</q>`;
  return `<li class="${commit.isStatusOnly ? 'watcher' : 'person'}"><p><time>${toTimeText(time)}</time> <b>${toHtmlText(toAuthorText(commit))}</b> <code>${commit.id.slice(0, 7)}</code>${quoted}</p>
<ul>${changes.map((change) => `<li>${toHtmlText(toTimelineText(change))}</li>`).join('')}</ul></li>
`;
}
