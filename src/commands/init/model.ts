/** What was passed, asked and read about a new model → the model. */

import type { AdoptionFinding } from '../../core/adopt/inference-service.ts';
import { adoptInferenceService } from '../../core/adopt/inference-service.ts';
import type { Iter8Rollout } from '../../core/adopt/iter8-values.ts';
import { iter8Mode, readIter8Values } from '../../core/adopt/iter8-values.ts';
import type { NewModel } from '../../core/adopt/new-model.ts';
import { defaultMode, toNewAnnotations } from '../../core/adopt/new-model.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { suggest } from '../../core/diagnostics/suggest.ts';
import { toProblem } from '../../core/input/parse-document.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import { parseManifests } from '../../core/input/yaml-text.ts';
import { findMode, modeNames } from '../../core/serving/modes.ts';
import type { ServingMode } from '../../core/serving/serving-mode.ts';
import { deploymentModeAnnotation } from '../../core/serving/serving-mode.ts';

/** As typed; undefined was not given. */
export interface ModelAnswers {
  readonly name: string | undefined;
  /** Of KServe, as its annotation names it. */
  readonly mode: string | undefined;
  readonly namespace: string | undefined;
  readonly format: string | undefined;
  readonly version: string | undefined;
  readonly storageUri: string | undefined;
  readonly secretKey: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly percentage: string | undefined;
}

/** A file or an object of the cluster, and what it holds. */
export interface ReadValue {
  readonly source: SourceFile;
  readonly value: unknown;
}

export function parseValue(source: SourceFile | Problem): ReadValue | readonly Problem[] {
  if ('code' in source) return [source];
  const { value, problems } = parseManifests(source);
  return hasErrors(problems) ? problems : { source, value };
}

export function parseIter8(source: SourceFile | Problem): Iter8Rollout | readonly Problem[] {
  const read = parseValue(source);
  if (!('source' in read)) return read;
  const rollout = readIter8Values(read.value);
  return 'code' in rollout ? [toPlaced(read.source, rollout)] : rollout;
}

const required = [
  { key: 'name', noun: safe`the name`, flag: safe`NAME` },
  { key: 'format', noun: safe`the format`, flag: safe`--format` },
  { key: 'storageUri', noun: safe`the storage URI`, flag: safe`--storage-uri` },
] as const;

export function isComplete(answers: ModelAnswers): boolean {
  return required.every(({ key }) => answers[key] !== undefined);
}

/** @throws Fault when an answer is missing or not valid. */
export function toFreshModel(answers: ModelAnswers, iter8: Iter8Rollout | undefined): NewModel {
  const missing = required.filter(({ key }) => answers[key] === undefined);
  if (missing.length > 0)
    throw new Fault(
      'usage',
      safe`there is no terminal to ask for ${join(
        missing.map(({ noun }) => noun),
        ', ',
      )}`,
      safe`pass ${join(
        missing.map(({ flag }) => flag),
        ', ',
      )}`,
    );
  const { name = '', namespace, format, version = 'v1', storageUri, secretKey, serviceAccount, percentage } = answers;
  const mode = toMode(answers.mode ?? (iter8 === undefined ? defaultMode : iter8Mode));
  refuseCredential(mode, answers);
  return {
    name,
    namespace,
    labels: {},
    annotations: toNewAnnotations(mode, secretKey),
    spec: {
      predictor: {
        ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
        model: { modelFormat: { name: format } },
      },
    },
    primary: { version, storageUri, name: iter8?.primary === `${name}-0` ? undefined : iter8?.primary },
    candidate: undefined,
    mirrorPercentage: toPercentage(percentage),
    hasFormerMode: false,
  };
}

/** @throws Fault when KServe has no such mode, or it cannot be mirrored. */
function toMode(name: string): ServingMode {
  const mode = findMode(name);
  if (mode !== undefined) return mode;
  const meant = suggest(name, modeNames);
  throw new Fault(
    'usage',
    safe`--mode ${quote(name)} is no mode of KServe that can be mirrored`,
    meant === undefined ? safe`pass ${join(modeNames.map(mask), ' or ')}` : safe`did you mean ${mask(meant)}?`,
  );
}

/** Pods of its own run with a ServiceAccount; a runtime that versions share has one Secret for all of them. */
function refuseCredential(mode: ServingMode, { secretKey, serviceAccount }: ModelAnswers): void {
  const isOwn = mode.workloads !== undefined;
  const [flag, other] = isOwn
    ? (['--secret-key', '--service-account'] as const)
    : (['--service-account', '--secret-key'] as const);
  if ((isOwn ? secretKey : serviceAccount) === undefined) return;
  throw new Fault('usage', safe`${flag} has no effect in the mode ${mask(mode.name)}`, safe`pass ${other} instead`);
}

/** @throws Fault when an answer contradicts the InferenceService. */
export function toAdoptedModel(
  { source, value }: ReadValue,
  { name, mode, namespace, version, percentage, format, storageUri, secretKey, serviceAccount }: ModelAnswers,
  iter8: Iter8Rollout | undefined,
): NewModel | readonly Problem[] {
  const extra = Object.entries({
    '--format': format,
    '--storage-uri': storageUri,
    '--secret-key': secretKey,
    '--service-account': serviceAccount,
  });
  const given = extra.filter(([, text]) => text !== undefined).map(([flag]) => mask(flag));
  if (given.length > 0)
    throw new Fault(
      'usage',
      safe`the InferenceService determines this already: ${join(given, ', ')}`,
      safe`edit the files afterwards`,
    );
  const model = adoptInferenceService(value, {
    name,
    version,
    mirrorPercentage: toPercentage(percentage),
    mode: mode && toMode(mode).annotationValues[0],
    services: iter8 && { primary: iter8.primary, candidate: iter8.candidate },
  });
  if ('code' in model) return [toPlaced(source, model)];
  const found = model.annotations[deploymentModeAnnotation];
  if (mode !== undefined && findMode(found) !== toMode(mode))
    throw new Fault(
      'usage',
      safe`the mode of the InferenceService is ${mask(found ?? '')}, not ${mask(mode)}`,
      safe`leave --mode out; KServe refuses a change of the mode`,
    );
  if (namespace !== undefined && model.namespace !== undefined && namespace !== model.namespace)
    throw new Fault(
      'usage',
      safe`the InferenceService is in the namespace ${mask(model.namespace)}, not in ${mask(namespace)}`,
      namespace === iter8?.namespace
        ? safe`that is the namespace of Iter8's values (modelmesh-serving where they name none): pass the right one with --namespace`
        : safe`leave --namespace out; a copy elsewhere is a new model`,
    );
  return namespace === undefined ? model : { ...model, namespace };
}

const defaultPercentage = 100;

function toPercentage(text: string | undefined): number {
  if (text === undefined) return defaultPercentage;
  const percentage = Number(text.replace(/ ?%$/, ''));
  if (text.trim() === '' || !(percentage >= 0 && percentage <= 100))
    throw new Fault('usage', safe`${quote(text)} is not a percentage`, safe`pass a number from 0 to 100`);
  return percentage;
}

function toPlaced(source: SourceFile, { path, ...finding }: AdoptionFinding): Problem {
  return toProblem(source, path, finding, { on: 'value' });
}
