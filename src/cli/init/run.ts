/**
 * `init`: what is said, asked and found of a model → its first files.
 *
 * Invariants: nothing is overwritten; nothing is written before the whole of it has been validated as
 * the rest of the repository has it; a cluster is only read.
 */
import { dirname, posix, relative, resolve, sep } from 'node:path';
import { adoptInferenceService } from '../../core/adopt/inference-service.ts';
import type { Iter8Rollout } from '../../core/adopt/iter8-values.ts';
import { toModelFile, toPolicyFile } from '../../core/adopt/new-files.ts';
import type { NewModel } from '../../core/adopt/new-model.ts';
import { exitCodes, Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { hasErrors, sortProblems, toWholeProblem } from '../../core/diagnostics/problem.ts';
import { join, mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import { toFoundFile } from '../../core/input/folder-tree.ts';
import { isMap, valueAt } from '../../core/input/plain-value.ts';
import { locate } from '../../core/input/yaml-place.ts';
import { toCanonicalText } from '../../core/manifests/manifest.ts';
import { toBlock } from '../../core/manifests/manifest-text.ts';
import { renderApplication } from '../../core/render/application.ts';
import type { RenderedRollout } from '../../core/render/decide-model.ts';
import { isIgnoredPolicy } from '../../core/render/policies.ts';
import type { Rollout } from '../../core/rollout/rollout.ts';
import { isFilePresent, makeFolder, replaceFile, toFutureFolder } from '../../io/files/edited-file.ts';
import { findRepository, openFolderTree, readSource } from '../../io/files/folder-tree.ts';
import { Git } from '../../io/git-cli/git.ts';
import { readLocalState } from '../../io/git-cli/local-state.ts';
import { toDiffText } from '../../output/diff-text.ts';
import { readGitSteps } from '../edit/git-steps.ts';
import { toReach } from '../edit/target.ts';
import { toNext } from '../edit/write.ts';
import { toOwnPlaces } from '../flags/model-places.ts';
import type { Places } from '../flags/places.ts';
import type { Host } from '../host.ts';
import { toSchemaText } from '../schema/run.ts';
import { showProblems } from '../show-problems.ts';
import type { InitFlags } from './flags.ts';
import type { Origin } from './origin.ts';
import { isProblems, readIter8, readOrigin, toPlaced } from './origin.ts';
import type { Answers } from './questions.ts';
import { askFor, findMissing } from './questions.ts';

/** A file that is to be written; an absent one must not be there yet. */
interface NewFile {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

const mirrorDefault = 100;

/** @returns the exit code. */
export async function runInit(name: string | undefined, flags: InitFlags, host: Host): Promise<number> {
  if (flags.from !== undefined && flags.fromCluster !== undefined)
    throw new Fault(
      'usage',
      safe`--from and --from-cluster both name the InferenceService`,
      safe`leave one of them out`,
    );
  const iter8 = readIter8(flags, host);
  if (iter8 !== undefined && isProblems(iter8)) return refuse(iter8, host);
  const origin = await readOrigin(flags, host);
  if (origin !== undefined && isProblems(origin)) return refuse(origin, host);
  const said = toSaid(name, flags, iter8);
  const model = origin === undefined ? await toFreshModel(said, host) : toAdoptedModel(origin, said, iter8);
  if (isProblems(model)) return refuse(model, host);
  return writeModel(model, { flags, host, origin, iter8, isPercentageSaid: said.percentage !== undefined });
}

/** What the flags say, over what Iter8's values say. */
function toSaid(name: string | undefined, flags: InitFlags, iter8: Iter8Rollout | undefined): Answers {
  const percentage = flags.percentage ?? iter8?.mirrorPercentage.toString();
  return {
    name: name ?? iter8?.name,
    namespace: flags.namespace ?? iter8?.namespace,
    format: flags.format,
    version: flags.version,
    storageUri: flags.storageUri,
    secretKey: flags.secretKey,
    percentage,
    primary: iter8?.primary,
  };
}

async function toFreshModel(said: Answers, host: Host): Promise<NewModel> {
  const missing = findMissing(said);
  if (missing.length > 0 && host.terminal === undefined)
    throw new Fault(
      'usage',
      safe`there is no terminal to ask for ${join(
        missing.map(({ noun }) => mask(noun)),
        ', ',
      )}`,
      safe`pass ${join(
        missing.map(({ flag }) => mask(flag)),
        ', ',
      )}`,
    );
  const {
    name = '',
    namespace,
    format,
    version,
    storageUri,
    secretKey,
    percentage,
    primary,
  } = missing.length === 0 || host.terminal === undefined ? said : await askFor(said, host.terminal);
  return {
    name,
    namespace,
    labels: {},
    annotations: {
      'serving.kserve.io/deploymentMode': 'ModelMesh',
      ...(secretKey === undefined ? {} : { 'serving.kserve.io/secretKey': secretKey }),
    },
    spec: { predictor: { model: { modelFormat: { name: format } } } },
    primary: {
      version: version ?? 'v1',
      storageUri,
      name: primary === undefined || primary === `${name}-0` ? undefined : primary,
    },
    candidate: undefined,
    mirrorPercentage: toPercentage(percentage),
  };
}

function toAdoptedModel(
  { source, value }: Origin,
  { name, namespace, version, percentage, format, storageUri, secretKey }: Answers,
  iter8: Iter8Rollout | undefined,
): NewModel | Problem[] {
  const extra = Object.entries({ '--format': format, '--storage-uri': storageUri, '--secret-key': secretKey });
  const said = extra.filter(([, text]) => text !== undefined).map(([flag]) => mask(flag));
  if (said.length > 0)
    throw new Fault(
      'usage',
      safe`the InferenceService says this already: ${join(said, ', ')}`,
      safe`edit the files afterwards`,
    );
  const model = adoptInferenceService(value, {
    name,
    version,
    mirrorPercentage: toPercentage(percentage),
    services: iter8 && { primary: iter8.primary, candidate: iter8.candidate },
  });
  if ('code' in model) return [toPlaced(source, model)];
  if (namespace !== undefined && model.namespace !== undefined && namespace !== model.namespace)
    throw new Fault(
      'usage',
      safe`the InferenceService is in the namespace ${mask(model.namespace)}, not in ${mask(namespace)}`,
      namespace === iter8?.namespace
        ? safe`Iter8's values say so (modelmesh-serving where they name none): name its own with --namespace`
        : safe`leave --namespace out; a copy elsewhere is a new model`,
    );
  return namespace === undefined ? model : { ...model, namespace };
}

function toPercentage(text: string | undefined): number {
  if (text === undefined) return mirrorDefault;
  const percentage = Number(text.replace(/ ?%$/, ''));
  if (text.trim() === '' || !(percentage >= 0 && percentage <= 100))
    throw new Fault('usage', safe`${quote(text)} is not a percentage`, safe`pass a number from 0 to 100`);
  return percentage;
}

interface Doing {
  readonly flags: InitFlags;
  readonly host: Host;
  readonly origin: Origin | undefined;
  readonly iter8: Iter8Rollout | undefined;
  readonly isPercentageSaid: boolean;
}

async function writeModel(model: NewModel, { flags, host, origin, iter8, isPercentageSaid }: Doing): Promise<number> {
  const shown =
    flags.dir ?? (isFilePresent(resolve(host.workingDirectory, 'models')) ? `models/${model.name}` : model.name);
  const places = toOwnPlaces({ ...flags, path: '.' }, host);
  const real = toFutureFolder(resolve(host.workingDirectory, shown));
  const folder = relative(places.repository, real).split(sep).join('/') || '.';
  if (folder === '..' || folder.startsWith('../'))
    throw new Fault(
      'usage',
      safe`${quote(shown)} is not in the repository ${mask(places.repository)}`,
      safe`correct --dir`,
    );
  const toPath = (file: string) => posix.join(folder, file);
  const toSchemaPath = (file: string) => posix.relative(folder, `${schemaFolder}/${file}`);
  const modelFile = { path: toPath('model.yaml'), text: toModelFile(model, toSchemaPath(schemaFiles.Model)) };
  const policyFile = { path: toPath('policy.yaml'), text: toPolicyFile(model, toSchemaPath(schemaFiles.MirrorPolicy)) };
  // Whoever set the percentage for this folder meant it: a brake, say.
  const given = isPercentageSaid ? undefined : findGivenPercentage(modelFile, model, places);
  const files: NewFile[] = given === undefined ? [modelFile, policyFile] : [modelFile];
  const taken = files.filter(({ path }) => isFilePresent(resolve(places.repository, path)));
  if (taken.length > 0) return refuse(taken.map(toTaken), host, places);
  const { problems, specs, rollouts } = check(files, model, places);
  const style = host.style(1);
  const diffs = files.map(({ path, text }) => `${toDiffText(places.toShownPath(path), undefined, text, style)}\n`);
  if (hasErrors(problems)) {
    if (flags.dryRun === true) host.write(1, diffs);
    return refuse(problems, host, places, '; the places are those of the files as they would be: --dry-run shows them');
  }
  const isOwn = !isFilePresent(real);
  const report = flags.dryRun === true ? 'Nothing is written, for --dry-run.\n' : write(files, places);
  host.write(1, [
    ...diffs,
    ...[
      ...toNotes(model, origin, specs, iter8),
      ...toReach({ rollouts }, places.toShownPath(policyFile.path), policyFile.path, model.name),
      ...toPlaceNotes(model, given),
    ].map((note) => `${style('cyan', note)}\n`),
    report,
    ...(flags.dryRun === true ? [] : await toNextLines(model, { files, folder, isOwn, places, host })),
  ]);
  showProblems(problems, host, 2, places.toShownPath);
  return exitCodes.fine;
}

interface WrittenFiles {
  readonly files: readonly NewFile[];
  readonly folder: string;
  /** Whether nothing else is in it. */
  readonly isOwn: boolean;
  readonly places: Places;
  readonly host: Host;
}

async function toNextLines(model: NewModel, { files, folder, isOwn, places, host }: WrittenFiles): Promise<string[]> {
  const root = findRepository(places.repository);
  const git = root === undefined ? undefined : new Git(root, host);
  const state = git && (await readLocalState(git, places, []));
  const paths = [...(isOwn ? [folder] : files.map(({ path }) => path)), schemaFolder];
  const place = { workingDirectory: host.workingDirectory, repository: places.repository };
  const fresh = state && { ...state, isTracked: () => false };
  const steps = git && fresh && (await readGitSteps(git, fresh, paths, place));
  const next = steps && toNext(steps.toCommit(paths, `${model.name}: new model`));
  const shown = `${places.toShownPath(folder)} and ${places.toShownPath(schemaFolder)}`;
  return [
    `${next ?? `Commit and push ${shown}.`}\n`,
    ...(model.candidate === undefined
      ? [`To add a candidate later, run model-mirror ${toCandidateWords(model)} with --version and --storage-uri.\n`]
      : []),
  ];
}

function toTaken({ path }: NewFile): Problem {
  return toWholeProblem(path, {
    code: 'file-exists',
    message: safe`this file is there already, and nothing is overwritten`,
    hint: safe`for a new version use model-mirror candidate set; for another model pass another folder with --dir`,
  });
}

/** What is wrong with the new files, alone and among the others; what was wrong before is not told. */
function check(
  files: readonly NewFile[],
  model: NewModel,
  places: Places,
): {
  readonly problems: readonly Problem[];
  readonly specs: Specs;
  /** Of the new model. */
  readonly rollout: Rollout | undefined;
  /** Of all. */
  readonly rollouts: readonly RenderedRollout[];
} {
  const tree = openFolderTree({ ...places, folder: places.root });
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const names = [toPrimaryName(model), toCandidateName(model)];
  const render = (added: readonly string[]) => {
    const specs = new Map<string, unknown>();
    const application = renderApplication(
      {
        ...tree,
        files: [...tree.files, ...added.map(toFoundFile)],
        read: (file) => {
          const text = texts.get(file.path);
          return text === undefined ? tree.read(file) : { path: file.path, text };
        },
      },
      { anyNamespace: true, allowEmpty: true },
      (manifest) => {
        const isOwn = names.includes(manifest.metadata.name) && manifest.kind === 'InferenceService';
        if (isOwn) specs.set(manifest.metadata.name, manifest.spec);
      },
    );
    const found = application.rollouts.find(({ rollout }) => rollout.file.source.path === files[0]?.path);
    return { problems: application.problems, specs, rollout: found?.rollout, rollouts: application.rollouts };
  };
  const known = new Set(render([]).problems.map((problem) => JSON.stringify(problem)));
  const { problems, specs, rollout, rollouts } = render([...texts.keys()]);
  return {
    rollout,
    rollouts,
    problems: sortProblems(
      problems.filter((problem) => isIgnoredPolicy(problem) || !known.has(JSON.stringify(problem))),
    ),
    specs,
  };
}

/** What a policy that is there already says of the percentage; undefined: none says anything. */
function findGivenPercentage(file: NewFile, model: NewModel, places: Places): string | undefined {
  const policy = check([file], model, places).rollout?.policy;
  const origin = policy?.origins.get('mirrorPercentage');
  if (policy === undefined || origin === undefined) return undefined;
  const { file: path, line } = locate(origin.source, origin.path);
  return `${policy.mirrorPercentage} % is mirrored to a candidate, by ${places.toShownPath(path)}:${line}: --percentage sets one of its own`;
}

function toPlaceNotes({ namespace }: NewModel, given: string | undefined): string[] {
  return [
    ...(given === undefined ? [] : [given]),
    ...(namespace === undefined
      ? ["no namespace is named: Argo CD takes its Application's destination, and render needs --namespace"]
      : []),
  ];
}

/** The specs of the InferenceServices as they are rendered, by their names. */
type Specs = ReadonlyMap<string, unknown>;

function toPrimaryName({ name, primary }: NewModel): string {
  return primary.name ?? `${name}-0`;
}

function toCandidateName({ name, candidate }: NewModel): string {
  return candidate?.name ?? `${name}-1`;
}

/** What to know of the model that is taken over. */
function toNotes(model: NewModel, origin: Origin | undefined, specs: Specs, iter8: Iter8Rollout | undefined): string[] {
  const { name, primary, candidate } = model;
  const toSpecNote = (service: string) => {
    const old = origin && findSpec(origin.value, service);
    if (old === undefined) return [];
    const now = specs.get(service) ?? {};
    if (toCanonicalText(now) === toCanonicalText(old))
      return [`the spec of ${service} stays as it is, so KServe reloads nothing`];
    const diff = toDiffText(service, `${toBlock(old, '').slice(1)}\n`, `${toBlock(now, '').slice(1)}\n`);
    return [`the spec of ${service} changes, by a policy here, so KServe reloads it:\n${diff}`];
  };
  const lost = candidate === undefined ? iter8?.candidate : undefined;
  return [
    `${name}: ${primary.version} will answer every request, as ${toPrimaryName(model)}`,
    ...toSpecNote(toPrimaryName(model)),
    ...(candidate === undefined
      ? []
      : [
          `${name}: ${candidate.version} is its candidate, as ${toCandidateName(model)}`,
          ...toSpecNote(toCandidateName(model)),
        ]),
    ...(lost === undefined
      ? []
      : [
          `the candidate ${lost} is not taken over, for it is not in what was passed: model-mirror ${toCandidateWords(model)} adds one`,
        ]),
  ];
}

/** With a name where the default one is the primary's. */
function toCandidateWords(model: NewModel): string {
  const isTaken = toPrimaryName(model) === toCandidateName(model);
  return `candidate set ${model.name}${isTaken ? ` --name ${model.name}-0` : ''}`;
}

function findSpec(value: unknown, service: string): object | undefined {
  const items = valueAt(value, ['items']);
  const all: readonly unknown[] = Array.isArray(items) ? items : [value];
  const found = all.find((item) => valueAt(item, ['metadata', 'name']) === service);
  const spec = valueAt(found, ['spec']);
  return isMap(spec) ? spec : undefined;
}

const schemaFolder = '.model-mirror';
const schemaFiles = { Model: 'model.schema.json', MirrorPolicy: 'policy.schema.json' } as const;

/** The schemas too, for the editor: they are made anew by whichever version writes next. */
function write(files: readonly NewFile[], places: Places): string {
  const put = (path: string, text: string) => {
    const absolute = resolve(places.repository, path);
    makeFolder(dirname(absolute));
    const before = isFilePresent(absolute) ? readSource(absolute, path) : undefined;
    const known = before === undefined ? undefined : 'code' in before ? '' : before.text;
    if (known !== text) replaceFile(absolute, known, text);
  };
  for (const [kind, file] of Object.entries(schemaFiles))
    put(`${schemaFolder}/${file}`, toSchemaText(kind as keyof typeof schemaFiles));
  for (const { path, text } of files) put(path, text);
  return `${files.map(({ path }) => places.toShownPath(path)).join(' and ')} ${files.length === 1 ? 'is' : 'are'} written; ${places.toShownPath(schemaFolder)} lets the editor explain their fields.\n`;
}

function refuse(problems: readonly Problem[], host: Host, places?: Places, why = ''): number {
  showProblems(problems, host, 2, places?.toShownPath ?? ((file) => file));
  host.write(2, [`nothing was written${why}\n`]);
  return exitCodes.problems;
}
