/** Desired and observed state of one model, as a person looks at it. */

import type { Assessment, DesiredVersion } from '../core/assess/assess-model.ts';
import { findLiveMirror } from '../core/input/model-status.ts';
import type { VersionStatus } from '../core/input/schema.ts';
import { toConclusionLines, toHeadLines, toObservedText } from './assessment-text.ts';
import { toColumns } from './columns.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import type { Wording } from './words/wording.ts';

export function toStatusDetail(assessment: Assessment, wording: Wording, style: Style): string {
  const { desired, observed, source } = assessment;
  const { primary, candidate, mirror } = desired;
  const live = observed && findLiveMirror(observed);
  const closed = candidate === undefined ? 'closed' : `closed (${desired.percentage} % when it opens)`;
  const rows = [
    ['', 'DESIRED', source === 'git' ? 'OBSERVED BY THE WATCHER' : 'OBSERVED IN THE CLUSTER'],
    ...toVersionRow('primary', primary, observed?.primary),
    ...toVersionRow('candidate', candidate, observed?.candidates[0]),
    [
      '  mirror',
      mirror === undefined ? closed : `${mirror.percentage} % to ${mirror.to}`,
      observed === undefined
        ? 'not observed'
        : live === undefined
          ? 'closed'
          : `${live.percentage} % to ${toShown(live.to, 60)}`,
    ],
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

function toVersionRow(
  role: string,
  desired: DesiredVersion | undefined,
  observed: VersionStatus | undefined,
): string[][] {
  if (desired !== undefined)
    return [[`  ${role}`, `${desired.version} as ${desired.name}`, toObservedText(desired, observed)]];
  return observed === undefined ? [] : [[`  ${role}`, 'none', `${toShown(observed.name, 60)} ${observed.state}`]];
}
