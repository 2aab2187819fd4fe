/** `model-mirror analysis MODEL`: how a candidate is judged, and how far that is. */
import type { AnalysisResult } from '../../commands/analysis.ts';
import { readAnalysis } from '../../commands/analysis.ts';
import { exitCodes } from '../../core/diagnostics/fault.ts';
import type { WatcherPlace } from '../../core/ports/watcher-pages.ts';
import { openFolderTree } from '../../io/files/folder-tree.ts';
import { toAnalysisJson } from '../../output/analysis-json.ts';
import { toAnalysisText } from '../../output/analysis-text.ts';
import { toFailureText } from '../../output/words/live-failure.ts';
import { toApiPlace } from '../flags/cluster-flags.ts';
import { toClusterName } from '../flags/cluster-name.ts';
import { toModelPlaces, toOwnPlaces } from '../flags/model-places.ts';
import { toNamespace } from '../flags/namespace-name.ts';
import type { Host } from '../host.ts';
import { showProblems } from '../show-problems.ts';
import type { AnalysisFlags } from './flags.ts';
import { toWatcherPlace } from './watcher-place.ts';

/** @returns the exit code. */
export async function runShow(model: string, flags: AnalysisFlags, host: Host): Promise<number> {
  const api = toApiPlace(flags, host);
  const place = toWatcherPlace(flags);
  const places = toModelPlaces(model, toOwnPlaces(flags, host), flags);
  const result = await readAnalysis(
    {
      model,
      names: places,
      tree: openFolderTree(places),
      cluster: toClusterName(flags.cluster),
      namespace: toNamespace(flags.namespace),
    },
    place && (await import('./live.ts')).openPages(place, api),
    new AbortController().signal,
  );
  switch (result.code) {
    case 'problems':
      showProblems(result.problems, host, 2, places.toShownPath);
      return exitCodes.problems;
    case 'no-candidate':
      host.write(1, [`${result.model} has no candidate to judge\n`]);
      return exitCodes.fine;
    case 'no-analysis':
      host.write(1, [`${result.model}: no policy says how a candidate is judged; spec.analysis does\n`]);
      return exitCodes.fine;
    case 'found':
      return show(result, place, flags, host);
  }
}

function show(
  { judgement, view }: Extract<AnalysisResult, { readonly code: 'found' }>,
  place: WatcherPlace | undefined,
  { output }: Pick<AnalysisFlags, 'output'>,
  host: Host,
): number {
  const failure = view.code === 'failed' && place !== undefined ? toFailureText(view.failure, place) : undefined;
  const text =
    output === 'json' ? toAnalysisJson(judgement, view, failure) : toAnalysisText(judgement, view, host.style(1));
  host.write(1, [text]);
  if (failure === undefined) return exitCodes.fine;
  host.write(2, [`model-mirror: this is shown from git alone: ${failure.message}\n    ${failure.hint}\n`]);
  return exitCodes.environment;
}
