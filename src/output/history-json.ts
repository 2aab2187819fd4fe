import { mask } from '../core/diagnostics/safe-text.ts';
import type { Stage, StageVersion, Story } from '../core/timeline/story.ts';
import type { StoryNotes } from './history-text.ts';

/**
 * The story of a model, for programs: times in seconds since 1970, durations in seconds. Where `author`
 * or `by` is null, the clone begins: what is told there may be older, and its durations are the least.
 */
export function toHistoryJson(story: Story, { revision, isShallow, leftOut }: StoryNotes): string {
  const { name, namespace, from, to, events, trials, primaries, candidates, mirror } = story;
  const value = {
    name,
    namespace,
    revision,
    shallow: isShallow,
    leftOut,
    from,
    to,
    events: events.map(({ commit, time, lines }) => ({
      commit: commit.id,
      time,
      author: commit.author ?? null,
      mergedBy: commit.mergedBy ?? null,
      subject: commit.author === undefined ? '' : mask(commit.subject),
      statusOnly: commit.isStatusOnly,
      changes: lines.map(mask),
    })),
    candidates: trials.map(({ version, by, readyAfter, failure, storageUri, ...trial }) => ({
      version,
      by: by ?? null,
      ...trial,
      storageUri: storageUri === undefined ? null : mask(storageUri),
      readyAfter: readyAfter ?? null,
      failure: failure === undefined ? null : mask(failure),
    })),
    stages: {
      primary: primaries.map(toVersionStage),
      candidate: candidates.map(toVersionStage),
      mirror: mirror.map(({ value: percentage, ...times }) => ({ ...times, percentage })),
    },
  };
  return `${JSON.stringify(value, null, 2)}\n`;
}

function toVersionStage({ value, ...times }: Stage<StageVersion | undefined>): object {
  return { ...times, version: value?.version ?? null, state: value?.state ?? null };
}
