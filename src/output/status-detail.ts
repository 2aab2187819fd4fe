/** Desired and observed state of one model, as a person looks at it. */

import type { AssessedVersion, Assessment } from '../core/assess/assess-model.ts';
import { listStrayMirrors } from '../core/assess/assess-model.ts';
import type { Mirror } from '../core/rollout/gate.ts';
import { toConclusionLines, toHeadLines, toObservedText } from './assessment-text.ts';
import { toColumns } from './columns.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import { toReasonText } from './words/gate.ts';
import type { Wording } from './words/wording.ts';

export function toStatusDetail(assessment: Assessment, wording: Wording, style: Style): string {
  const { primary, candidates, undeclared, source } = assessment;
  const rows = [
    ['', 'DESIRED', source === 'git' ? 'OBSERVED BY THE WATCHER' : 'OBSERVED IN THE CLUSTER'],
    toVersionRow('primary', primary),
    ...candidates.map((candidate) => toVersionRow('candidate', candidate)),
    ...undeclared.map(({ name, state }) => ['  candidate', 'none', `${toShown(name, 60)} ${state}`]),
    ...toMirrorRows(assessment),
  ];
  const [head = '', ...lines] = toColumns(rows);
  return [
    ...toHeadLines(assessment, wording, style),
    '',
    style('dim', head),
    ...lines,
    '',
    ...toConclusionLines(assessment, wording, style),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

function toVersionRow(role: string, version: AssessedVersion): string[] {
  const { desired } = version;
  return [`  ${role}`, `${desired.version} as ${desired.name}`, toObservedText(version)];
}

function toMirrorRows(assessment: Assessment): string[][] {
  const { candidates, observed, percentage } = assessment;
  const closed = observed === undefined ? 'not observed' : 'closed';
  const rows = [
    ...candidates.map(({ desired, mirror, observedPercentage }) => [
      '  mirror',
      mirror.percentage > 0 ? `${mirror.percentage} % to ${desired.name}` : toClosedText(mirror, percentage),
      observedPercentage > 0 ? `${observedPercentage} % to ${desired.name}` : closed,
    ]),
    ...listStrayMirrors(assessment).map((stray) => [
      '  mirror',
      'closed',
      `${stray.percentage} % to ${toShown(stray.to, 60)}`,
    ]),
  ];
  return rows.length === 0 ? [['  mirror', 'closed', closed]] : rows;
}

/** @param percentage the share that it has once it opens. */
function toClosedText({ reason }: Mirror, percentage: number): string {
  const opens = reason.code !== 'failing' && reason.code !== 'percentage-zero';
  return `closed (${opens ? `${percentage} % when it opens` : toReasonText(reason)})`;
}
