/**
 * One model name for both versions: requests name the model in their path or body, and a copy has the same path and
 * body. KServe names the model of a runtime after the InferenceService, and the versions have different ones.
 *
 * The name is added where the runtime is known to take it. KServe joins the runtime's arguments and those of the model,
 * and the last one counts; environment variables are merged by name (executed).
 */
import type { FieldPath } from '../../diagnostics/problem.ts';
import { join, mask, safe } from '../../diagnostics/safe-text.ts';
import type { PlainMap } from '../../input/plain-value.ts';
import { isMap } from '../../input/plain-value.ts';
import { nameLabel } from '../../manifests/manifest.ts';
import type { InferenceService, PlacedFinding } from '../serving-mode.ts';
import type { PlacedContainer } from './containers.ts';
import { findArgument, findPredictor, findTransformer, findVariable, listArguments } from './containers.ts';
import type { Naming } from './runtimes.ts';
import { findRuntime } from './runtimes.ts';

type Way = Exclude<Naming, 'storage'>;

/** What servers are commonly given a model's name by, also those that nothing is known about; the first one counts. */
const ways: readonly Way[] = [
  ...['--served_model_name', '--served-model-name', '--model_name', '--model-name'].map((argument) => ({ argument })),
  ...['MLSERVER_MODEL_NAME', 'MODEL_NAME'].map((variable) => ({ variable })),
];

/** The names that a server answers to. */
interface ServedNames {
  readonly names: readonly string[];
  readonly path: FieldPath;
}

/** Adds the model's name to the predictor and the transformer, where they do not have one and take it. */
export function addModelName(service: InferenceService): InferenceService {
  const [predictor, transformer] = [findPredictor(service.spec), findTransformer(service.spec)];
  const naming = findRuntime(service.spec['predictor'])?.naming;
  const own = predictor && readNames(service, predictor);
  const given = own?.names ?? (transformer && readNames(service, transformer))?.names;
  const name = given?.find((one) => one !== '') ?? service.metadata.labels[nameLabel] ?? '';
  const named =
    predictor === undefined || own !== undefined || naming === undefined || naming === 'storage'
      ? service
      : replaceAt(service, predictor.path, addName(predictor.container, naming, name));
  // KServe itself adds `--model_name <InferenceService>` to every transformer of its own pods (transformer_custom.go).
  const isOwnPod = transformer?.path[1] === 'transformer';
  if (!isOwnPod || readNames(service, transformer) !== undefined) return named;
  return replaceAt(named, transformer.path, addName(transformer.container, { argument: '--model_name' }, name));
}

function addName(container: PlainMap, naming: Way, name: string): PlainMap {
  if ('argument' in naming) return { ...container, args: [...listArguments(container), `${naming.argument}=${name}`] };
  const env = Array.isArray(container['env']) ? container['env'] : [];
  return { ...container, env: [...env, { name: naming.variable, value: name }] };
}

function replaceAt(service: InferenceService, path: FieldPath, value: unknown): InferenceService {
  const replace = (holder: unknown, [step, ...rest]: FieldPath): unknown => {
    if (step === undefined) return value;
    if (Array.isArray(holder)) return holder.map((item, i) => (i === step ? replace(item, rest) : item));
    return isMap(holder) ? { ...holder, [step]: replace(holder[step as string], rest) } : holder;
  };
  return replace(service, path) as InferenceService;
}

/** Undefined: it is not known what the server answers to. */
function readNames({ metadata, spec }: InferenceService, placed: PlacedContainer): ServedNames | undefined {
  const { container, path } = placed;
  for (const way of findWays(spec, placed)) {
    const found =
      'argument' in way
        ? findArgument(container, way.argument).slice(0, way.argument === severalNames ? undefined : 1)
        : [findVariable(container, way.variable)].filter((value) => value !== undefined);
    if (found.length > 0)
      return {
        // KServe executes arguments and variables as Go templates over the metadata.
        names: found.map((name) => name.replace(/\{\{\s*\.Name\s*\}\}/g, metadata.name)),
        path: [...path, 'argument' in way ? 'args' : 'env'],
      };
  }
  return undefined;
}

/** What vLLM is called by: the only one that takes several names. */
const severalNames = '--served-model-name';

/** Those that are known of the runtime, or common ones; KServe's own servers prefer the first of theirs. */
function findWays(spec: PlainMap, { path }: PlacedContainer): readonly Way[] {
  const naming = path.at(-1) === 'model' ? findRuntime(spec['predictor'])?.naming : undefined;
  if (naming === undefined) return ways;
  if (naming === 'storage') return [];
  return 'argument' in naming ? [{ argument: '--served_model_name' }, naming] : [naming];
}

/** What a client of a version must call the model; undefined: not known. */
function findServedNames(service: InferenceService): ServedNames | undefined {
  const front = findTransformer(service.spec) ?? findPredictor(service.spec);
  return front && readNames(service, front);
}

/** What is wrong with the name of one version, and a warning where it is not known how it gets one. */
export function checkModelName(service: InferenceService): PlacedFinding[] {
  const [predictor, transformer] = [findPredictor(service.spec), findTransformer(service.spec)];
  const model = service.metadata.labels[nameLabel] ?? '';
  const names = [predictor, transformer].map((placed) => placed && readNames(service, placed));
  const [inner, outer] = names;
  if (inner !== undefined && outer !== undefined && !share(inner, outer))
    return [
      {
        code: 'model-name',
        path: outer.path,
        message: safe`the transformer serves ${toText(outer)} and asks the predictor for it, which serves ${toText(inner)}`,
        hint: safe`give both the same name`,
      },
    ];
  const isOfStorage = findRuntime(service.spec['predictor'])?.naming === 'storage';
  return [predictor, transformer].flatMap((placed, i): PlacedFinding[] => {
    if (placed === undefined || names[i] !== undefined || (placed === predictor && isOfStorage)) return [];
    const isModel = placed.path.at(-1) === 'model';
    return [
      {
        code: 'model-name',
        severity: 'warning',
        path: placed.path,
        message: safe`it is not known how this server is given the name of its model, which must be the same for the primary and the candidate`,
        hint: safe`${isModel ? safe`set predictor.model.runtime to one of KServe's, or ` : ''}give the server the name ${mask(model)} by its own argument or variable, as in args: [--model_name=${mask(model)}]`,
      },
    ];
  });
}

/** A candidate that answers to no name of the primary's: copies fail, and after a promotion all requests. */
export function compareModelNames(primary: InferenceService, candidate: InferenceService): PlacedFinding[] {
  const [expected, found] = [findServedNames(primary), findServedNames(candidate)];
  if (expected === undefined || found === undefined || share(expected, found)) return [];
  return [
    {
      code: 'model-name',
      path: found.path,
      message: safe`the candidate serves the model under the name ${toText(found)}, and the primary under ${toText(expected)}`,
      hint: safe`give both the same name, in spec.template: clients call one`,
    },
  ];
}

/** A value from elsewhere is empty, and may be any name. */
function share(a: ServedNames, b: ServedNames): boolean {
  return [a, b].some(({ names }) => names.includes('')) || a.names.some((name) => b.names.includes(name));
}

function toText({ names }: ServedNames) {
  return join(
    names.map((name) => safe`"${mask(name)}"`),
    ' and ',
  );
}
