/**
 * The timeline of a model as one page of HTML: a picture, its candidates, and every change.
 *
 * Invariants: self-contained, without scripts, and nothing is loaded from elsewhere; text from git stays text; equal
 * timelines give equal bytes.
 */
import type { Timeline } from '../core/timeline/timeline.ts';
import { pageCss, toHtmlFrame } from './html-frame.ts';
import { toHtmlText } from './html-text.ts';
import { toTimeText } from './time-text.ts';
import { toTimelineParts } from './timeline-parts.ts';
import { toNameAndCommit } from './words/revision.ts';
import type { TimelineNotes } from './words/timeline.ts';
import { toNotes } from './words/timeline.ts';

export function toHistoryPage(timeline: Timeline, notes: TimelineNotes): string {
  const { name, namespace } = timeline;
  const title = `${name} in ${namespace}`;
  return toHtmlFrame(
    title,
    pageCss,
    `<h1>${toHtmlText(title)}</h1>
<p>In the history of ${toHtmlText(toNameAndCommit(notes.revision))}, from ${toTimeText(timeline.from)} to ${toTimeText(timeline.to)} (UTC).</p>
${toNotes(notes)
  .map((note) => `<p class="note">${toHtmlText(note)}</p>\n`)
  .join('')}${toTimelineParts(timeline)}`,
  );
}
