/**
 * A model and the policy that holds for it → its rollout: what each version is called, where its
 * requests arrive, and by whom it is served. Whether the mirror is open is decided later, by the
 * gate, when the digests are known.
 */

import type { FieldPath, Finding, Problem } from '../diagnostics/problem.ts';
import { mask, quote, safe } from '../diagnostics/safe-text.ts';
import { listCandidates } from '../input/candidates.ts';
import { toProblem } from '../input/parse-document.ts';
import type { Model, ModelVersion, Protocol } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { locate } from '../input/yaml-place.ts';
import { modes } from '../serving/modes.ts';
import type { ServingMode, VersionPlace } from '../serving/serving-mode.ts';
import type { EffectivePolicy } from './effective-policy.ts';
import { checkModes, chooseMode } from './mode-choice.ts';
import { checkProtocols } from './mode-support.ts';

/** A model with its file. */
export interface ModelFile {
  readonly source: SourceFile;
  /** The file's folder from the repository's root; `.` for the root itself. */
  readonly folder: string;
  readonly model: Model;
}

type Role = 'primary' | 'candidate';

export interface RolloutVersion {
  readonly role: Role;
  /** The InferenceService's name. */
  readonly name: string;
  readonly declared: ModelVersion;
  /** Where the model file declares it. */
  readonly path: FieldPath;
}

export interface Rollout {
  readonly file: ModelFile;
  readonly name: string;
  readonly namespace: string;
  readonly policy: EffectivePolicy;
  /** How clients call it, each once. */
  readonly protocols: readonly Protocol[];
  /** Of both versions; of a model without a supported one, the first of all. */
  readonly mode: ServingMode;
  readonly primary: RolloutVersion;
  /** At most one for now: see `parseModel`. */
  readonly candidates: readonly RolloutVersion[];
  /** The hosts that lead to the model, the default ones first, each once. */
  readonly hosts: readonly string[];
  /** The hosts of the Services that serve its versions, the primary's first, each once. */
  readonly serviceHosts: readonly string[];
}

/** What KServe's webhook takes as the name of an InferenceService. */
const inferenceServiceName = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

export function computeRollout(file: ModelFile, namespace: string, policy: EffectivePolicy): Rollout {
  const { metadata, spec } = file.model;
  const name = metadata.name;
  const version = (role: Role, declared: ModelVersion, path: FieldPath): RolloutVersion => ({
    role,
    name: toVersionName(name, role, declared),
    declared,
    path,
  });
  const mode = chooseMode(file.model);
  const protocols = spec.protocols ?? [mode.protocols[0]];
  const primary = version('primary', spec.primary, ['spec', 'primary']);
  const candidates = listCandidates(file.model).map(({ declared, path }) => version('candidate', declared, path));
  const toHost = (one: RolloutVersion) =>
    mode.toService(toVersionPlace({ name, namespace, policy, protocols }, one)).host;
  const host = `${name}.${namespace}`;
  return {
    file,
    name,
    namespace,
    policy,
    mode,
    protocols,
    primary,
    candidates,
    hosts: [...new Set([host, `${host}.svc`, `${host}.svc.${policy.clusterDomain}`, ...policy.hosts.toSorted()])],
    serviceHosts: [...new Set([primary, ...candidates].map(toHost))],
  };
}

/**
 * The name of a version's InferenceService: the declared one, or Iter8's: `wisdom-0` is the primary of
 * `wisdom`, `wisdom-1` its candidate.
 */
export function toVersionName(model: string, role: Role, { name }: Pick<ModelVersion, 'name'>): string {
  return name ?? `${model}-${role === 'primary' ? 0 : 1}`;
}

export function toVersionPlace(
  { name, namespace, policy, protocols }: Pick<Rollout, 'name' | 'namespace' | 'policy' | 'protocols'>,
  version: RolloutVersion,
): VersionPlace {
  return {
    name: version.name,
    role: version.role,
    model: name,
    namespace,
    clusterDomain: policy.clusterDomain,
    protocols,
    service: policy.service,
  };
}

/** The primary first. */
export function listVersions({ primary, candidates }: Rollout): RolloutVersion[] {
  return [primary, ...candidates];
}

/** What is wrong with a rollout, as far as it shows before anything is rendered. */
export function checkRollout(rollout: Rollout): Problem[] {
  const { file, primary, candidates, policy } = rollout;
  const problems: Problem[] = [];
  const report = (path: FieldPath, finding: Finding) =>
    problems.push(toProblem(file.source, path, finding, { on: 'value' }));
  for (const version of listVersions(rollout)) {
    const refusal = refuseName(version.name) ?? rollout.mode.refuseName(version.name);
    if (refusal !== undefined)
      report(version.declared.name === undefined ? ['metadata', 'name'] : [...version.path, 'name'], {
        code: 'name-refused',
        ...refusal,
      });
  }
  if (rollout.mode.renderModel !== undefined && modes.some(({ ownServices }) => ownServices.includes(rollout.name)))
    report(['metadata', 'name'], {
      code: 'name-refused',
      message: safe`a Service called ${mask(rollout.name)} is rendered for this model, and KServe's own programs have one of that name for models in another mode`,
      hint: safe`give the model another name`,
    });
  for (const candidate of candidates.filter(({ name }) => name === primary.name))
    report([...(candidate.declared.name === undefined ? primary : candidate).path, 'name'], {
      code: 'same-name',
      message: safe`primary and candidate are both called ${mask(primary.name)}`,
      hint: safe`give one of them another name, or leave the names out`,
    });
  const [required] = policy.requireAnalysis;
  // A share of 0 is an analysis too: it must always be possible to stop the samples.
  if (required !== undefined && policy.isWhole && !policy.settings.has('analysis')) {
    const { file: by, line } = locate(required.source, required.path);
    for (const { path } of candidates)
      report(path, {
        code: 'analysis-required',
        message: safe`${by}:${line} wants an analysis for every candidate, and no policy of this model has one`,
        hint: safe`add spec.analysis to a policy, with checks`,
      });
  }
  return [
    ...problems,
    ...checkModes(file, rollout.policy),
    ...checkProtocols(rollout),
    ...rollout.policy.router.checkModel(rollout),
  ];
}

/** KServe's webhook has a pattern. */
function refuseName(name: string): Omit<Finding, 'code'> | undefined {
  if (inferenceServiceName.test(name)) return undefined;
  return {
    message: safe`KServe refuses the InferenceService name ${quote(name)}`,
    hint: safe`use lower-case letters, digits and "-", beginning with a letter, ending with a letter or digit`,
  };
}
