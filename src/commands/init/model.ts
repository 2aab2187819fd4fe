/** What was passed, asked and read about a new model → the model. */

import type { AdoptionFinding } from '../../core/adopt/inference-service.ts';
import { adoptInferenceService } from '../../core/adopt/inference-service.ts';
import type { Iter8Rollout } from '../../core/adopt/iter8-values.ts';
import { iter8Mode, readIter8Values } from '../../core/adopt/iter8-values.ts';
import type { NewModel } from '../../core/adopt/new-model.ts';
import { toNewAnnotations } from '../../core/adopt/new-model.ts';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors } from '../../core/diagnostics/problem.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { toProblem } from '../../core/input/parse-document.ts';
import type { SourceFile } from '../../core/input/source-file.ts';
import { parseManifests } from '../../core/input/yaml-text.ts';
import { defaultMode, findMode } from '../../core/serving/modes.ts';
import type { ServingMode } from '../../core/serving/serving-mode.ts';
import { deploymentModeAnnotation } from '../../core/serving/serving-mode.ts';
import { toMode, toPercentage, toProtocols, toResources } from './answers.ts';

/** As typed; undefined was not given. */
export interface ModelAnswers {
  readonly name: string | undefined;
  /** Of KServe, as its annotation names it. */
  readonly mode: string | undefined;
  readonly namespace: string | undefined;
  readonly format: string | undefined;
  readonly version: string | undefined;
  readonly storageUri: string | undefined;
  /** An entry of the Secret storage-config, and the path in it: in place of a storageUri. */
  readonly storageKey: string | undefined;
  readonly storagePath: string | undefined;
  readonly secretKey: string | undefined;
  readonly serviceAccount: string | undefined;
  /** As in `grpc,rest`. */
  readonly protocol: string | undefined;
  /** As in `cpu=1,memory=2Gi`. */
  readonly resources: string | undefined;
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

type Missing = 'name' | 'format' | 'storage';

/** What has no default, and was not given. */
export function findMissing({ name, format, storageUri, storageKey, storagePath }: ModelAnswers): readonly Missing[] {
  const hasStorage = storageUri !== undefined || (storageKey !== undefined && storagePath !== undefined);
  const given = { name: name !== undefined, format: format !== undefined, storage: hasStorage };
  return (['name', 'format', 'storage'] as const).filter((one) => !given[one]);
}

const nouns = { name: safe`its name`, format: safe`its format`, storage: safe`where it is stored` } as const;
const flags = {
  name: safe`NAME`,
  format: safe`--format`,
  storage: safe`--storage-uri (or --storage-key and --storage-path)`,
} as const;

/** @throws Fault when an answer is missing or not valid. */
export function toFreshModel(answers: ModelAnswers, iter8: Iter8Rollout | undefined): NewModel {
  const missing = findMissing(answers);
  if (missing.length > 0)
    throw new Fault(
      'usage',
      safe`a new model needs ${join(
        missing.map((one) => nouns[one]),
        ', ',
      )}`,
      safe`pass ${join(
        missing.map((one) => flags[one]),
        ', ',
      )}, as in model-mirror init wisdom --format sklearn --storage-uri s3://models/wisdom-v1`,
    );
  const { name = '', namespace, format, version = 'v1', storageUri, storageKey, storagePath } = answers;
  const { secretKey, serviceAccount, percentage } = answers;
  const mode = toMode(answers.mode ?? (iter8 === undefined ? defaultMode.name : iter8Mode));
  refuseTwoStorages(answers);
  refuseSpaces(answers);
  refuseCredential(mode, answers);
  const resources = toResources(answers.resources);
  const protocolVersion = mode.formats.find((known) => known.name === format)?.protocolVersion;
  return {
    name,
    namespace,
    labels: {},
    annotations: toNewAnnotations(mode, secretKey),
    protocols: toProtocols(answers.protocol, mode),
    spec: {
      predictor: {
        ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
        model: {
          modelFormat: { name: format },
          ...(protocolVersion === undefined ? {} : { protocolVersion }),
          ...(storageKey === undefined ? {} : { storage: { key: storageKey } }),
          ...(resources === undefined ? {} : { resources }),
        },
      },
    },
    primary: { version, storageUri, storagePath, name: iter8?.primary === `${name}-0` ? undefined : iter8?.primary },
    candidate: undefined,
    mirrorPercentage: percentage === undefined ? defaultPercentage : toPercentage(percentage),
    hasFormerMode: false,
  };
}

/** None of these has any: a line break was pasted, or a quote is missing. */
function refuseSpaces({ format, storageUri, storageKey, storagePath, secretKey, serviceAccount }: ModelAnswers): void {
  const all = Object.entries({
    '--format': format,
    '--storage-uri': storageUri,
    '--storage-key': storageKey,
    '--storage-path': storagePath,
    '--secret-key': secretKey,
    '--service-account': serviceAccount,
  });
  for (const [flag, text = 'x'] of all)
    if (text === '' || /[\s\p{Cc}]/u.test(text))
      throw new Fault(
        'usage',
        text === '' ? safe`${mask(flag)} is empty` : safe`${mask(flag)} ${quote(text)} has a space or a line break`,
        text === '' ? safe`pass a value, or leave it out` : safe`check what was pasted`,
      );
}

function refuseTwoStorages({ storageUri, storageKey, storagePath }: ModelAnswers): void {
  if (storageUri !== undefined && (storageKey !== undefined || storagePath !== undefined))
    throw new Fault(
      'usage',
      safe`--storage-uri and ${storageKey === undefined ? '--storage-path' : '--storage-key'} both say where the model is stored`,
      safe`pass --storage-uri alone, or --storage-key with --storage-path`,
    );
}

/** Pods of its own run with a ServiceAccount; a runtime that versions share has one Secret for all of them. */
function refuseCredential(mode: ServingMode, { secretKey, serviceAccount, storageKey, resources }: ModelAnswers): void {
  const isOwn = mode.workloads !== undefined;
  if (!isOwn && resources !== undefined)
    throw new Fault(
      'usage',
      safe`--resources has no effect in the mode ${mask(mode.name)}`,
      safe`leave it out: its ServingRuntimes have the resources of the Pods that all models share`,
    );
  if (secretKey !== undefined && storageKey !== undefined)
    throw new Fault(
      'usage',
      safe`--secret-key and --storage-key both name an entry of the Secret storage-config`,
      safe`pass --storage-key and --storage-path, or --secret-key and --storage-uri`,
    );
  const [flag, other] = isOwn
    ? (['--secret-key', '--service-account'] as const)
    : (['--service-account', '--secret-key'] as const);
  if ((isOwn ? secretKey : serviceAccount) === undefined) return;
  throw new Fault('usage', safe`${flag} has no effect in the mode ${mask(mode.name)}`, safe`pass ${other} instead`);
}

/** @throws Fault when an answer contradicts the InferenceService. */
export function toAdoptedModel(
  { source, value }: ReadValue,
  answers: ModelAnswers,
  iter8: Iter8Rollout | undefined,
): NewModel | readonly Problem[] {
  const { name, mode, namespace, version, percentage } = answers;
  const extra = Object.entries({
    '--format': answers.format,
    '--storage-uri': answers.storageUri,
    '--storage-key': answers.storageKey,
    '--storage-path': answers.storagePath,
    '--secret-key': answers.secretKey,
    '--service-account': answers.serviceAccount,
    '--protocol': answers.protocol,
    '--resources': answers.resources,
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
    mirrorPercentage: percentage === undefined ? defaultPercentage : toPercentage(percentage),
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

export const defaultPercentage = 100;

function toPlaced(source: SourceFile, { path, ...finding }: AdoptionFinding): Problem {
  return toProblem(source, path, finding, { on: 'value' });
}
