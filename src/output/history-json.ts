import type { StageVersion } from '../core/timeline/stages.ts';
import type { Timeline } from '../core/timeline/timeline.ts';
import { toJsonText } from './masked-texts.ts';
import { toNameAndCommit } from './words/revision.ts';
import type { TimelineNotes } from './words/timeline.ts';
import { toTimelineText } from './words/timeline.ts';

/**
 * The timeline of a model, for programs: times in seconds since 1970, durations in seconds. Where `author` or `by` is
 * null, the clone begins: the content may be older, and the durations are minimums.
 */
export function toHistoryJson(timeline: Timeline, { revision, isShallow, leftOut }: TimelineNotes): string {
  const { name, namespace, from, to, events, trials, primaries, candidates, mirrors } = timeline;
  const value = {
    name,
    namespace,
    revision: toNameAndCommit(revision),
    shallow: isShallow,
    leftOut,
    from,
    to,
    events: events.map(({ commit, time, changes }) => ({
      commit: commit.id,
      time,
      author: commit.author ?? null,
      mergedBy: commit.mergedBy ?? null,
      subject: commit.author === undefined ? '' : commit.subject,
      statusOnly: commit.isStatusOnly,
      changes: changes.map(toTimelineText),
      details: changes,
    })),
    candidates: trials.map(({ version, by, readyAfter, failure, storageUri, ...trial }) => ({
      version,
      by: by ?? null,
      ...trial,
      storageUri: storageUri ?? null,
      readyAfter: readyAfter ?? null,
      failure: failure ?? null,
    })),
    stages: {
      primary: primaries.map(({ value, ...times }) => ({ ...times, ...toVersion(value) })),
      candidates: candidates.map(({ value, ...times }) => ({ ...times, candidates: value.map(toVersion) })),
      mirrors: mirrors.map(({ value, ...times }) => ({ ...times, mirrors: value })),
    },
  };
  return toJsonText(value);
}

function toVersion(value: StageVersion | undefined): object {
  return { version: value?.version ?? null, state: value?.state ?? null };
}
