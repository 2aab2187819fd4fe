import { findLiveMirror } from '../core/input/model-status.ts';
import type { CandidateStatus, ModelStatus, VersionStatus } from '../core/input/schema.ts';
import { apiVersion } from '../core/input/schema-parts.ts';
import { toScalar } from '../core/manifests/manifest-text.ts';
import { toSpecPart } from '../core/serving/digest-text.ts';

/** What was observed of a model. */
export interface ObservedModel {
  readonly name: string;
  readonly namespace: string;
  readonly status: ModelStatus['status'];
}

const versionKeys = ['name', 'version', 'digest', 'state', 'loaded', 'reason', 'message'] as const;

/** A digest of 0.1.0 that no YAML parser reads as a number: it has a letter other than `e`. */
const plainDigest = /^(?=.*[abcdf])[0-9a-f]{32}$/;

/** The text of a status file: equal facts give equal bytes, and each version has its own line. */
export function toStatusText({ name, namespace, status }: ObservedModel): string {
  const { primary, candidates } = status;
  const facts = [
    ...(primary === undefined ? [] : [`  primary: {${toFields(primary)}}\n`]),
    ...(isOf010(candidates[0]) ? toFactsOf010(candidates) : toCandidateList(candidates)),
  ];
  return `# Written by the model-mirror watcher. Do not edit.
apiVersion: ${apiVersion}
kind: ModelStatus
metadata: {name: ${toValue(name)}, namespace: ${toValue(namespace)}}
status:${facts.length === 0 ? ' {}\n' : `\n${facts.join('')}`}`;
}

function toCandidateList(candidates: readonly CandidateStatus[]): string[] {
  const lines = candidates.map((candidate) => {
    const { mirror } = candidate;
    const live = mirror === undefined ? '' : `, mirror: {percentage: ${toValue(mirror.percentage)}}`;
    return `    - {${toFields(candidate)}${live}}\n`;
  });
  return lines.length === 0 ? [] : ['  candidates:\n', ...lines];
}

/** Whether 0.1.0's plugin rendered it, which closes the mirror unless it finds the form that it knows. */
function isOf010(candidate: CandidateStatus | undefined): boolean {
  return candidate?.digest !== undefined && toSpecPart(candidate.digest) === candidate.digest;
}

function toFactsOf010(candidates: readonly CandidateStatus[]): string[] {
  const [candidate] = candidates;
  const mirror = findLiveMirror({ candidates });
  return [
    ...(candidate === undefined ? [] : [`  candidate: {${toFields(candidate)}}\n`]),
    ...(mirror === undefined ? [] : [`  mirror: {to: ${toValue(mirror.to)}, percentage: ${mirror.percentage}}\n`]),
  ];
}

function toFields(version: VersionStatus): string {
  return versionKeys
    .flatMap((key) => (version[key] === undefined ? [] : [`${key}: ${toValue(version[key])}`]))
    .join(', ');
}

function toValue(value: unknown): string {
  return typeof value === 'string' && plainDigest.test(value) ? value : toScalar(value);
}
