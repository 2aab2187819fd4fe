import type { Difference, VersionReference } from '../../core/assess/difference.ts';
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
      return safe`the ${difference.source === 'git' ? 'status file' : 'cluster'} does not have ${toVersionText(difference)} yet`;
    case 'primary-other':
    case 'candidate-other':
      return safe`the status file describes another ${difference.role}, ${mask(difference.observed)} instead of ${mask(difference.name)}`;
    case 'primary-missing':
    case 'candidate-missing':
      return safe`${toVersionText(difference)} (${mask(difference.name)}) is not in the cluster`;
    case 'primary-other-digest':
    case 'candidate-other-digest':
      return difference.source === 'git'
        ? safe`the status file describes an earlier spec of ${toVersionText(difference)}`
        : safe`Argo CD has not applied this spec of ${toVersionText(difference)} yet`;
    case 'primary-failed':
    case 'candidate-failed':
    case 'primary-not-ready':
    case 'candidate-not-ready':
      return safe`${toVersionText(difference)} is ${toStateText(difference)}`;
    case 'mirror-still-open':
      return safe`${difference.observed} % is still mirrored to ${mask(difference.to)}`;
    case 'mirror-not-applied':
      return difference.observed === 0
        ? safe`nothing is mirrored to ${mask(difference.to)} yet, but ${difference.desired} % is desired`
        : safe`${difference.observed} % is mirrored to ${mask(difference.to)}, but ${difference.desired} % is desired`;
    case 'candidate-leaving':
      return safe`${mask(difference.name)} is no longer a candidate, but still in the cluster`;
    case 'status-behind':
      return toDelayText(difference);
  }
}

function toVersionText({ role, version }: VersionReference): SafeText {
  return safe`the ${role} ${mask(version)}`;
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

function toDelayText(difference: Extract<Difference, { code: 'status-behind' }>): SafeText {
  const { inFile, inCluster } = difference;
  const version = toVersionText(difference);
  if (inFile === undefined) return safe`the status file does not have ${version} yet, which is ${inCluster ?? 'there'}`;
  if (inFile === inCluster) return safe`the status file describes an earlier spec of ${version}, which is ${inCluster}`;
  return safe`the status file has ${version} as ${inFile}, but ${inCluster === undefined ? 'there is none' : safe`it is ${inCluster}`}`;
}

function toVerb(files: readonly string[]): 'is' | 'are' {
  return files.length === 1 ? 'is' : 'are';
}
