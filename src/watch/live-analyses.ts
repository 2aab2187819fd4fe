/** The models that are judged now, with what the last look at each showed. */
import type { LiveAnalysis, Seen } from '../core/analysis/live-analysis.ts';
import { toLiveAnalysis } from '../core/analysis/live-analysis.ts';
import { toKey } from '../core/observe/live-object.ts';
import type { LiveAnalyses } from '../core/ports/live-analyses.ts';
import type { TrackedModel } from './status-planner.ts';

interface Judged {
  /** By their keys. */
  readonly models: ReadonlyMap<string, TrackedModel>;
  /** Whether the cluster was listed and the branch was read at some time. */
  readonly isReady: boolean;
  /** Whether the comparer was asked. */
  readonly isLooked: boolean;
}

/** @param judged called for each question. */
export function toLiveAnalyses(judged: () => Judged): LiveAnalyses {
  return {
    find: (namespace, name) => {
      const { models, isReady, isLooked } = judged();
      if (!isReady) return 'not-ready';
      const tracked = models.get(toKey({ namespace, name }));
      if (tracked === undefined) return 'unknown-model';
      return toDocument(tracked) ?? (isLooked ? 'not-judged' : 'not-looked');
    },
    list: () => toDocuments([...judged().models.values()]),
  };
}

function* toDocuments(models: readonly TrackedModel[]): Iterable<LiveAnalysis> {
  for (const tracked of models) {
    const document = toDocument(tracked);
    if (document !== undefined) yield document;
  }
}

function toDocument(tracked: TrackedModel): LiveAnalysis | undefined {
  const seen = findSeen(tracked);
  return seen && toLiveAnalysis({ name: tracked.model.name, namespace: tracked.namespace }, seen);
}

/** One candidate of a model is compared at a time. */
export function findSeen({ memory }: Pick<TrackedModel, 'memory'>): Seen | undefined {
  return Object.values(memory).find(({ judged }) => judged?.seen !== undefined)?.judged?.seen;
}
