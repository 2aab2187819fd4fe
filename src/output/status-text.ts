import { findLiveMirror } from '../core/input/model-status.ts';
import type { CandidateStatus, ModelStatus, VersionStatus } from '../core/input/schema.ts';
import { apiVersion } from '../core/input/schema-parts.ts';
import type { DecidedCheck, WrittenVerdict } from '../core/input/verdict-schema.ts';
import { toScalar } from '../core/manifests/manifest-text.ts';
import { toSpecPart } from '../core/serving/digest-text.ts';

/** What was observed of a model. */
export interface ObservedModel {
  readonly name: string;
  readonly namespace: string;
  readonly status: ModelStatus['status'];
}

const versionKeys = ['name', 'version', 'digest', 'state', 'loaded', 'uid', 'reason', 'message'] as const;

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
    const { mirror, attempt, passed, verdict } = candidate;
    const live = mirror === undefined ? '' : `, mirror: {percentage: ${toValue(mirror.percentage)}}`;
    const tried = attempt === undefined ? '' : `, attempt: ${attempt}`;
    return `    - {${toFields(candidate)}${live}${tried}${toVerdict('passed', passed)}${toVerdict('verdict', verdict)}}\n`;
  });
  return lines.length === 0 ? [] : ['  candidates:\n', ...lines];
}

/** On lines of its own, so that a change of the state does not show as one of the verdict, one line for each check. */
function toVerdict(name: 'passed' | 'verdict', verdict: WrittenVerdict | undefined): string {
  if (verdict === undefined) return '';
  const { subject } = verdict;
  const about = [
    `primary: {${toPairs(subject.primary, ['name', 'digest'])}}`,
    `candidate: {${toPairs(subject.candidate, ['name', 'digest'])}}`,
    toPairs(subject, ['analysis', 'step', 'attempt']),
  ].join(', ');
  const head = toPairs(verdict, verdictKeys);
  const checks = 'checks' in verdict ? `,\n         checks: [\n${verdict.checks.map(toCheck).join('')}         ]` : '';
  return `,\n       ${name}: {${head},\n         subject: {${about}}${checks}}`;
}

const verdictKeys = [
  'verdict',
  'reason',
  'expected',
  'by',
  'at',
  'rule',
  'confidence',
  'steps',
  'minSamples',
  'budget',
] as const;
const countKeys = ['bad', 'all', 'low', 'high'] as const;

function toCheck({ noise, ...check }: DecidedCheck): string {
  const own = toPairs(check, ['check', 'limit', ...countKeys]);
  return `           {${own}${noise === undefined ? '' : `, noise: {${toPairs(noise, countKeys)}}`}},\n`;
}

/**
 * Whether 0.1.0's plugin may have rendered it, which closes the mirror unless it finds the form that it knows. It never
 * rendered one that is judged, and its form has no place for a verdict.
 */
function isOf010(candidate: CandidateStatus | undefined): boolean {
  const { digest, passed, verdict, attempt } = candidate ?? {};
  const isJudged = passed !== undefined || verdict !== undefined || attempt !== undefined;
  return digest !== undefined && toSpecPart(digest) === digest && !isJudged;
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
  return toPairs(version, versionKeys);
}

/** Those of the fields that are there, in this order. */
function toPairs(value: object, keys: readonly string[]): string {
  const fields = value as Readonly<Record<string, unknown>>;
  return keys.flatMap((key) => (fields[key] === undefined ? [] : [`${key}: ${toValue(fields[key])}`])).join(', ');
}

function toValue(value: unknown): string {
  return typeof value === 'string' && plainDigest.test(value) ? value : toScalar(value);
}
