import type { Difference, ObservedMirror } from '../../core/assess/difference.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import { toFileList } from './files.ts';
import { toReasonText } from './gate.ts';
import type { Wording } from './wording.ts';

/** How the observed state differs from the desired one. One clause. */
export function toDifferenceText(difference: Difference, { toPath }: Pick<Wording, 'toPath'>): SafeText {
  switch (difference.code) {
    case 'not-committed':
      return safe`${toFileList(difference.files, toPath)} ${toVerb(difference.files)} not committed`;
    case 'not-pushed':
      return safe`${toFileList(difference.files, toPath)} ${toVerb(difference.files)} committed, but not pushed`;
    case 'status-ignored':
      return mask(difference.warning.message);
    case 'no-status':
      return safe`there is no status file`;
    case 'percentage-zero':
      return toReasonText(difference);
    case 'primary-not-observed':
    case 'candidate-not-observed':
      return safe`the ${difference.source === 'git' ? 'status file' : 'cluster'} does not have the ${difference.role} yet`;
    case 'primary-other':
    case 'candidate-other':
      return safe`the status file describes another ${difference.role}, ${mask(difference.observed)} instead of ${mask(difference.name)}`;
    case 'primary-missing':
    case 'candidate-missing':
      return safe`the ${difference.role} ${mask(difference.name)} is not in the cluster`;
    case 'primary-other-digest':
    case 'candidate-other-digest':
      return difference.source === 'git'
        ? safe`the status file describes an earlier spec of the ${difference.role}`
        : safe`Argo CD has not applied this spec of the ${difference.role} yet`;
    case 'primary-failed':
    case 'candidate-failed':
    case 'primary-not-ready':
    case 'candidate-not-ready':
      return safe`the ${difference.role} is ${toStateText(difference)}`;
    case 'mirror-still-open':
      return safe`${difference.observed.percentage} % is still mirrored to ${mask(difference.observed.to)}`;
    case 'mirror-not-applied':
      return toMirrorText(difference.desired, difference.observed);
    case 'candidate-leaving':
      return safe`${mask(difference.name)} is no longer a candidate, but still in the cluster`;
    case 'status-behind':
      return toDelayText(difference);
  }
}

/** `Ready`, `Failed (ModelLoadFailed)`. */
export function toStateText({
  state,
  reason,
}: {
  readonly state: Extract<Difference, { code: 'status-behind' }>['inFile'] & string;
  readonly reason?: string | undefined;
}): SafeText {
  return reason === undefined ? safe`${state}` : safe`${state} (${mask(reason)})`;
}

function toMirrorText(desired: ObservedMirror, observed: ObservedMirror | undefined): SafeText {
  if (observed === undefined) return safe`nothing is mirrored yet, but ${desired.percentage} % is desired`;
  const to = observed.to === desired.to ? '' : safe` to ${mask(desired.to)}`;
  return safe`${observed.percentage} % is mirrored to ${mask(observed.to)}, but ${desired.percentage} %${to} is desired`;
}

function toDelayText({ role, inFile, inCluster }: Extract<Difference, { code: 'status-behind' }>): SafeText {
  if (inFile === undefined)
    return safe`the status file does not have the ${role} yet, which is ${inCluster ?? 'there'}`;
  if (inFile === inCluster)
    return safe`the status file describes an earlier spec of the ${role}, which is ${inCluster}`;
  return safe`the status file has the ${role} as ${inFile}, but ${inCluster === undefined ? 'there is none' : safe`it is ${inCluster}`}`;
}

function toVerb(files: readonly string[]): 'is' | 'are' {
  return files.length === 1 ? 'is' : 'are';
}
