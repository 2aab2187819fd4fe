/** What a watcher reports of itself, for people who look at its pages. */
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { Attention } from '../../core/observe/attention.ts';
import { toDurationText, toTimeText } from '../time-text.ts';
import type { WatcherTrouble } from '../watched-models.ts';

/** `3 min 5 s ago`. Both in seconds since 1970; clocks may be put back. */
export function toAgoText(time: number, now: number): SafeText {
  return safe`${mask(toDurationText(Math.max(0, now - time)))} ago`;
}

export function toTroubleText(trouble: WatcherTrouble, now: number): SafeText {
  switch (trouble.code) {
    case 'git':
      return safe`The branch cannot be read ${toSince(trouble.since, now)}: ${trouble.message}. This page shows what was read last.`;
    case 'cluster':
      return safe`The Kubernetes API cannot be read completely ${toSince(trouble.since, now)}: ${trouble.message}. Observed states may be out of date.`;
    case 'push':
      return safe`Status files cannot be pushed ${toSince(trouble.since, now)}, ${trouble.failures} in a row: ${trouble.message}. Mirrors open and close by what git has.`;
    case 'carry':
      return safe`What people push is not deployed ${toSince(trouble.since, now)}, ${trouble.failures} in a row: ${trouble.message}. model-mirror carry --push does it by hand.`;
    case 'cluster-not-listed':
      return safe`The watcher has not listed the cluster completely yet: observed states are missing.`;
    case 'branch-not-read':
      return safe`The watcher has not read the branch yet: models are missing.`;
    case 'file': {
      const { file, line, column, message, hint } = trouble.problem;
      return safe`${file}:${line}:${column}: ${message}: ${hint}`;
    }
    case 'claim':
      return trouble.message;
  }
}

function toSince(since: number, now: number): SafeText {
  return safe`since ${mask(toTimeText(since))} UTC (${mask(toDurationText(Math.max(0, now - since)))})`;
}

/** What is to be looked at of a model, in a word or two. */
export function toAttentionText(attention: Attention): SafeText {
  switch (attention) {
    case 'failing':
      return safe`Failing`;
    case 'failed':
      return safe`Failed`;
    case 'primary-not-ready':
      return safe`primary not Ready`;
    case 'unknown':
      return safe`Unknown`;
    case 'waiting':
      return safe`candidate not Ready`;
    case 'closed':
      return safe`mirror closed`;
    case 'mirrored':
      return safe`mirrored`;
    case 'idle':
      return safe`no candidate`;
  }
}
