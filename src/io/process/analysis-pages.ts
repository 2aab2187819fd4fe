/** The watcher's `/analysis` pages: what is judged now, in JSON. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { noAnalysisKind } from '../../core/analysis/read-live-analysis.ts';
import { apiVersion, dnsLabel } from '../../core/input/schema-parts.ts';
import type { LiveAnalyses, UnjudgedCode } from '../../core/ports/live-analyses.ts';
import type { MorePages, PageAnswer } from './listen.ts';

const json = 'application/json; charset=utf-8';
/** Ten thousand models take a second of computing: probes must not wait for it. */
const modelsPerTurn = 20;

const statuses: Readonly<Record<UnjudgedCode, number>> = {
  'unknown-model': 404,
  'not-judged': 404,
  'not-looked': 503,
  'not-ready': 503,
};

export function toAnalysisPages(analyses: LiveAnalyses): MorePages {
  return {
    names: ['/analysis', '/analysis/NAMESPACE/MODEL'],
    answer: (path) => {
      if (path === '/analysis')
        return { status: 200, type: 'application/x-ndjson; charset=utf-8', chunks: toLines(analyses) };
      const [, page, ...words] = path.split('/');
      return page === 'analysis' && words.length === 2 ? toAnswer(words, analyses) : undefined;
    },
  };
}

function toAnswer([namespace = '', name = '']: readonly string[], analyses: LiveAnalyses): PageAnswer {
  if (![namespace, name].every((word) => dnsLabel.test(word)))
    return { status: 400, text: 'write /analysis/NAMESPACE/MODEL, with the names that Kubernetes has\n' };
  const found = analyses.find(namespace, name);
  if (typeof found === 'object') return { status: 200, type: json, text: `${JSON.stringify(found)}\n` };
  const none = { apiVersion, kind: noAnalysisKind, metadata: { name, namespace }, code: found };
  return { status: statuses[found], type: json, text: `${JSON.stringify(none)}\n` };
}

async function* toLines(analyses: LiveAnalyses): AsyncIterable<string> {
  let lines: string[] = [];
  for (const analysis of analyses.list()) {
    lines.push(`${JSON.stringify(analysis)}\n`);
    if (lines.length < modelsPerTurn) continue;
    yield lines.join('');
    lines = [];
    await nextTurn();
  }
  yield lines.join('');
}
