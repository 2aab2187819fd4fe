/** What is in effect for a model and why, for people and for programs. */

import type { Analysis } from '../core/analysis/analysis.ts';
import type { AssessedVersion } from '../core/assess/assess-model.ts';
import type { Explanation } from '../core/assess/explanation.ts';
import type { PolicyField, PolicyPatch } from '../core/assess/policy-fields.ts';
import type { Place } from '../core/diagnostics/problem.ts';
import { mask } from '../core/diagnostics/safe-text.ts';
import { mapsAt, valueAt } from '../core/input/plain-value.ts';
import { findMissingTime } from '../core/rollout/promotion-limit.ts';
import { toCandidateJson, toConclusionJson, toVersionJson } from './assessment-json.ts';
import { toConclusionLines, toHeadLines, toObservedText } from './assessment-text.ts';
import { toColumns } from './columns.ts';
import { toJsonText } from './masked-texts.ts';
import { toShown } from './page-text.ts';
import type { Style } from './style.ts';
import { toCheckText, toLimitText } from './words/check.ts';
import { toMirrorTimeText } from './words/trial.ts';
import type { Wording } from './words/wording.ts';

/** Shown although they are not set: these two decide most. */
const always: ReadonlySet<string> = new Set(['mirrorPercentage', 'gate']);

/** @param all every field, including those at their defaults. */
export function toExplainText(
  { assessment, mode, protocols, policy, analysis, places, hosts, mirrorTime }: Explanation,
  { all, wording, style }: { readonly all: boolean; readonly wording: Wording; readonly style: Style },
): string {
  const at = ({ file, line }: Place) => `${wording.toPath(file)}:${line}`;
  const shown = policy.fields.filter(({ field, place }) => all || place !== undefined || always.has(field));
  const hidden = policy.fields.length - shown.length;
  const rest = hidden === 0 ? [] : [style('dim', `  ${hidden} more fields have their defaults (show them with --all)`)];
  return [
    ...toHeadLines(assessment, wording, style),
    ...section(
      `Versions in ${mode} mode, called by ${protocols.join(' and ')}`,
      toVersionLines({ assessment, places }, at),
    ),
    ...section(
      'Hosts',
      hosts.map((host) => `  ${host}`),
    ),
    ...section('Policy', [...toFieldLines(shown, at, style), ...rest]),
    ...(analysis === undefined ? [] : section(toAnalysisTitle(analysis), toAnalysisLines(analysis))),
    ...section('Limits', [
      ...toColumns(
        policy.limits.map(({ field, value, place }) => [
          `  ${field.replace(/^limits\./, '')}`,
          toValueText(value),
          at(place),
        ]),
      ),
      ...(mirrorTime === undefined ? [] : [`  ${toMirrorTimeText(mirrorTime)}`]),
    ]),
    ...section(
      'Patches, in the order in which they are applied',
      toColumns(policy.patches.map((patch) => [...toPatchCells(patch), at(patch.place)])),
    ),
    '',
    ...toConclusionLines(assessment, wording, style),
  ]
    .map((line) => `${line}\n`)
    .join('');

  function section(title: string, lines: readonly string[]): string[] {
    return lines.length === 0 ? [] : ['', style('bold', title), ...lines];
  }
}

export function toExplainJson(
  { assessment, mode, protocols, policy, places, hosts, mirrorTime }: Explanation,
  wording: Wording,
): string {
  const { name, namespace, file, primary, candidates } = assessment;
  const all = {
    name,
    namespace: namespace ?? null,
    file,
    mode,
    protocols,
    versions: {
      primary: { ...toVersionJson(primary.desired), place: places.primary },
      candidates: candidates.map((candidate, i) => ({ ...toCandidateJson(candidate), place: places.candidates[i] })),
    },
    hosts,
    policy: {
      fields: policy.fields.map(({ field, value, place, overrides }) => ({
        field,
        value: value ?? null,
        place: place ?? null,
        overrides,
      })),
      limits: policy.limits,
      patches: policy.patches.map((patch) => ({ ...patch, name: patch.name ?? null })),
    },
    mirrorTime:
      mirrorTime === undefined
        ? null
        : { seconds: mirrorTime.seconds ?? null, isWhole: mirrorTime.isWhole, missing: findMissingTime(mirrorTime) },
    ...toConclusionJson(assessment, wording),
  };
  return toJsonText(all);
}

function toVersionLines(
  { assessment, places }: Pick<Explanation, 'assessment' | 'places'>,
  at: (place: Place) => string,
): string[] {
  const toCells = (role: string, version: AssessedVersion, place: Place | undefined) => {
    const { desired } = version;
    const digest = `digest ${desired.digest.slice(0, 11)}`;
    return [`  ${role}`, desired.version, desired.name, digest, toObservedText(version), place ? at(place) : ''];
  };
  return toColumns([
    toCells('primary', assessment.primary, places.primary),
    ...assessment.candidates.map((candidate, i) => toCells('candidate', candidate, places.candidates[i])),
  ]);
}

function toFieldLines(fields: readonly PolicyField[], at: (place: Place) => string, style: Style): string[] {
  const lines = toColumns(
    fields.map(({ field, value, place, overrides }) => {
      // A list of checks is more than a cell holds.
      const show = field === 'analysis' ? toAnalysisText : field === 'ramp' ? toRampText : toValueText;
      const overridden = overrides.map((one) => `${show(one.value)} of ${at(one.place)}`).join(', ');
      const origin = place === undefined ? 'default' : at(place);
      return [`  ${field}`, show(value), overridden === '' ? origin : `${origin}, overrides ${overridden}`];
    }),
  );
  return lines.map((line, i) => (fields[i]?.place === undefined ? style('dim', line) : line));
}

/** @param value as a policy has it, or as it holds. */
function toAnalysisText(value: unknown): string {
  const { length } = mapsAt(value, ['checks']);
  return length === 0 ? 'none' : `${length} ${length === 1 ? 'check' : 'checks'}`;
}

/** @param value as a policy has it, or as it holds. */
function toRampText(value: unknown): string {
  const steps = valueAt(value, ['steps']);
  const hold = valueAt(value, ['hold']);
  if (!Array.isArray(steps)) return 'none';
  return `${steps.join(', ')} %${hold === undefined ? '' : `, each for ${hold}`}`;
}

function toAnalysisTitle({ share, noise }: Analysis): string {
  return `Analysis of ${share} % of requests${noise ? ', the primary asked twice' : ''}`;
}

function toAnalysisLines({ checks, minSamples, confidence, onFailing }: Analysis): string[] {
  return [
    ...toColumns(checks.map((check) => [`  ${toCheckText(check)}`, toLimitText(check)])),
    `  passes with at least ${minSamples} samples, at a confidence of ${confidence}; ${onFailing === 'Close' ? 'closes' : 'keeps'} the mirror if it fails`,
  ];
}

function toPatchCells({ kind, name, operations, objects }: PolicyPatch): string[] {
  const [first, ...others] = operations;
  const does =
    first === undefined
      ? 'does nothing'
      : `${first.op} ${toShown(mask(first.path), 60)}${others.length === 0 ? '' : ` and ${others.length} more`}`;
  const reached = objects.map((object) => object.name).join(', ');
  return [
    `  ${kind}${name === undefined ? '' : ` ${mask(name)}`}`,
    does,
    reached === '' ? 'changes nothing here' : `changes ${reached}`,
  ];
}

function toValueText(value: unknown): string {
  if (value === undefined) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : toShown(mask(value.join(', ')), 80);
  return toShown(mask(typeof value === 'string' ? value : JSON.stringify(value)), 80);
}
