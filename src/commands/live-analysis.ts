/** Reads what a watcher is judging of one model. */

import type { LiveResult } from '../core/analysis/live-result.ts';
import { readLiveAnalysis } from '../core/analysis/read-live-analysis.ts';
import type { WatcherPages } from '../core/ports/watcher-pages.ts';

/** @param namespace of the model, and its name: such as Kubernetes has. */
export async function readLive(
  pages: WatcherPages,
  namespace: string,
  model: string,
  signal: AbortSignal,
): Promise<LiveResult> {
  const reading = await pages.read(`/analysis/${namespace}/${model}`, signal);
  if (reading.code !== 'answered') return { code: 'failed', failure: reading };
  const read = readLiveAnalysis(parseJson(reading.text));
  const noWatcher = { code: 'failed', failure: { code: 'no-watcher', status: reading.status } } as const;
  switch (read.code) {
    case 'found': {
      const { name, namespace: of } = read.analysis.metadata;
      return name === model && of === namespace ? read : noWatcher;
    }
    case 'unjudged':
      return read;
    case 'other-version':
      return { code: 'failed', failure: read };
    case 'foreign':
      return noWatcher;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON, or nested too deeply.
    return undefined;
  }
}
