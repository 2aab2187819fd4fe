/** The lines about a model that `status` and `explain` share. */

import type { AssessedVersion, Assessment } from '../core/assess/assess-model.ts';
import type { Difference, DifferenceCode } from '../core/assess/difference.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import type { ExtraLoad } from '../core/rollout/extra-load.ts';
import type { MirrorReason } from '../core/rollout/gate.ts';
import { noMirror } from '../core/rollout/gate.ts';
import type { Diagnosis } from '../core/routing/examination.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import { toDifferenceText } from './words/difference.ts';
import { toExtraLoadText } from './words/extra-load.ts';
import { toGateText } from './words/gate.ts';
import { toNextText } from './words/next-step.ts';
import { toRampText } from './words/ramp.ts';
import type { Wording } from './words/wording.ts';

/** `Ready`, `Failed ModelLoadFailed`; `earlier spec Ready` where the observed version is not the desired one. */
export function toObservedText({ desired, observed }: AssessedVersion): string {
  if (observed === undefined) return 'not observed';
  if (observed.name !== desired.name) return 'another';
  if (observed.digest !== desired.digest && observed.state !== 'Missing') return `earlier spec ${observed.state}`;
  return observed.reason === undefined ? observed.state : `${observed.state} ${toShown(mask(observed.reason), 60)}`;
}

/** Differences that the line on the mirror reports already. */
const repeats: Readonly<Partial<Record<DifferenceCode, MirrorReason['code']>>> = {
  'no-status': 'no-status',
  'candidate-not-observed': 'not-observed',
  'candidate-other': 'other-candidate',
  'candidate-other-digest': 'other-digest',
  'candidate-missing': 'not-ready',
  'candidate-failed': 'not-ready',
  'candidate-not-ready': 'not-ready',
  'percentage-zero': 'percentage-zero',
};

function isShownByGate(difference: Difference, { candidates, source }: Assessment): boolean {
  // The gate reads the status file, not the cluster.
  if (source === 'cluster') return false;
  return candidates.some(
    ({ desired, mirror }) =>
      repeats[difference.code] === mirror.reason.code && (!('name' in difference) || difference.name === desired.name),
  );
}

/** What is only in this clone, which comes first: nothing else can take effect before; then the model's name and file. */
export function toHeadLines(assessment: Assessment, wording: Wording, style: Style): string[] {
  const { name, namespace, file, next } = assessment;
  const isPending = next.code === 'commit' || next.code === 'push';
  return [
    ...(isPending ? [`${style('bold', 'First:')} ${style('cyan', toNextText(assessment, wording))}`, ''] : []),
    `${style('bold', name)} in ${namespace ?? 'an unknown namespace (name it with --namespace)'}, ${wording.toPath(file)}`,
  ];
}

/** A statement about a model, and the colour of its text. */
export interface Conclusion {
  readonly title: string;
  readonly text: string;
  readonly format?: 'green' | 'yellow';
}

/** Why each mirror is open or closed, what differs, and what to do next. */
export function toConclusionLines(assessment: Assessment, wording: Wording, style: Style): string[] {
  const { name, finding } = assessment;
  return [
    ...toMessageLines(assessment),
    ...toConclusions(assessment, wording).map(
      ({ title, text, format }) => `${style('bold', `${title}:`)} ${format === undefined ? text : style(format, text)}`,
    ),
    ...(finding === undefined ? [] : [toFindingLine(finding, toDoctorCommand(name, wording), style)]),
    `${style('bold', 'Next:')} ${style('cyan', toNextText(assessment, wording))}`,
  ];
}

/** Why each mirror is open or closed, and what differs. */
export function toConclusions(assessment: Assessment, wording: Wording): Conclusion[] {
  const { candidates, differences, extraLoad } = assessment;
  const mirrors = candidates.map(({ desired, mirror }) => ({
    title: candidates.length === 1 ? 'Mirror' : `Mirror to ${desired.version}`,
    mirror,
  }));
  return [
    ...(mirrors.length === 0 ? [{ title: 'Mirror', mirror: noMirror }] : mirrors).map(
      ({ title, mirror }): Conclusion => ({
        title,
        text: toGateText(mirror),
        format: mirror.percentage > 0 ? 'green' : 'yellow',
      }),
    ),
    ...candidates.flatMap(({ ramp }) => (ramp === undefined ? [] : [{ title: 'Ramp', text: toRampText(ramp) }])),
    ...(extraLoad === undefined ? [] : [{ title: 'Analysis', text: toLoadText(extraLoad, assessment) }]),
    ...differences
      .filter((one) => !isShownByGate(one, assessment))
      .map((one) => ({ title: 'Note', text: toDifferenceText(one, wording) })),
  ];
}

function toLoadText(load: ExtraLoad, { candidates }: Assessment): string {
  const isOpen = candidates.some(({ mirror }) => mirror.percentage > 0);
  return `${isOpen ? '' : 'once the mirror is open, '}${toExtraLoadText(load)}`;
}

/** The worst finding on the mirror path, and the command that shows all findings. */
export function toFindingLine({ severity, reason }: Diagnosis, command: string, style: Style): string {
  return `${style('bold', 'Copies:')} ${style(severity === 'error' ? 'red' : 'yellow', `${severity}:`)} ${reason}; see \`${command}\``;
}

/** @param name of a model; undefined: all. */
export function toDoctorCommand(name: string | undefined, { flags, look }: Wording): string {
  return `model-mirror doctor${name === undefined ? '' : ` ${name}`}${flags}${look}`;
}

/** The message about each version. */
export function toMessageLines({ observed }: Pick<Assessment, 'observed'>): string[] {
  return [observed?.primary, ...(observed?.candidates ?? [])].flatMap((version, i) => {
    if (version?.message === undefined) return [];
    const role = i === 0 ? 'primary' : 'candidate';
    return [`Reported for the ${role}: ${toShown(mask(version.message), 300)}`];
  });
}
