/** How a candidate is judged, for a terminal. */
import type { AwaitedCheck, Judgement, VerifiedVerdict } from '../core/assess/judgement.ts';
import type { LiveView } from '../core/assess/outlook.ts';
import type { DecidedCheck } from '../core/input/verdict-schema.ts';
import { checkHeadings, toCheckRow } from './check-row.ts';
import { toColumns } from './columns.ts';
import { toLiveLines } from './live-analysis-text.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import { plainStyle } from './style.ts';
import { toTimeText } from './time-text.ts';
import { toGateText } from './words/gate.ts';
import { toRampText } from './words/ramp.ts';
import { toDiscrepancyText, toPercent, toVerdictText } from './words/verdict.ts';

export function toAnalysisText(judgement: Judgement, view: LiveView, style: Style = plainStyle): string {
  const { model, candidate, analysis, mirror, ramp, verdict, awaited } = judgement;
  const share = analysis.noise
    ? `${analysis.share} % of the requests, the primary twice`
    : `${analysis.share} % of the requests`;
  const lines = [
    style('bold', `${model}: candidate ${candidate.version} (${candidate.service})`),
    `compared on ${share}; mirror ${toGateText(mirror)}`,
    ...(ramp === undefined ? [] : [`ramp: ${toRampText(ramp)}`]),
    '',
    ...(verdict === undefined
      ? view.code === 'found'
        ? [
            view.outlook.prospect.code === 'decided'
              ? 'It is decided, but not in these files: run git pull.'
              : 'Nothing is decided yet.',
          ]
        : ['Nothing is decided yet. Passing takes at least this many calls, if none is bad:', '', ...toAwaited(awaited)]
      : verdict.verdict === 'Unknown'
        ? [style('yellow', toShown(toVerdictText(verdict), 400))]
        : [
            style(verdict.verdict === 'Failing' ? 'red' : 'green', verdict.verdict) +
              (verdict.by === 'brake'
                ? `, by the five minutes from ${verdict.at}`
                : `, by all calls until ${verdict.at}`),
            '',
            ...toDecided(verdict.checks),
          ]),
    ...section(verdict?.verdict === 'Failing' && view.code === 'not-asked' ? [] : toLiveLines(view, style)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function section(lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function toAwaited(awaited: readonly AwaitedCheck[]): string[] {
  return toColumns([
    ['  check', 'limit', 'calls'],
    ...awaited.map(({ check, limit, calls }) => [
      `  ${toShown(check, 100)}`,
      toPercent(limit),
      calls === undefined ? 'more than 100 million' : String(calls),
    ]),
  ]);
}

function toDecided(checks: readonly DecidedCheck[]): string[] {
  return toColumns([checkHeadings, ...checks.map(toCheckRow)]);
}

export function toVerifiedText(model: string, verdicts: readonly VerifiedVerdict[], style: Style = plainStyle): string {
  const wrong = verdicts.filter(({ discrepancies }) => discrepancies.length > 0);
  const lines = [
    ...verdicts.flatMap(({ commit, time, decided, discrepancies }) => [
      `${toTimeText(time)}  ${commit.slice(0, 7)}  ${toShown(toVerdictText(decided), 400)}`,
      ...discrepancies.map((one) => style('red', `    ${toShown(toDiscrepancyText(one), 200)}`)),
    ]),
    `${model}: ${verdicts.length} ${verdicts.length === 1 ? 'verdict' : 'verdicts'} in git, ${
      wrong.length === 0
        ? 'each follows from its numbers'
        : `${wrong.length} of them ${wrong.length === 1 ? 'does' : 'do'} not`
    }`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
