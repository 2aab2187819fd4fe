/**
 * The first files of a model, which may already be in the cluster.
 *
 * Invariants: nothing is overwritten; nothing is written before all of it has been validated together with the rest of
 * the repository; the cluster is only read.
 */
import type { Iter8Rollout } from '../core/adopt/iter8-values.ts';
import { toModelFile, toPolicyFile } from '../core/adopt/new-files.ts';
import type { NewModel } from '../core/adopt/new-model.ts';
import type { InitNote, InitOutcome, NewCandidateCommand, NewFile, WrittenModel } from '../core/adopt/outcome.ts';
import { Fault } from '../core/diagnostics/fault.ts';
import type { Problem } from '../core/diagnostics/problem.ts';
import { hasErrors, toWholeProblem } from '../core/diagnostics/problem.ts';
import { join, mask, quote, safe } from '../core/diagnostics/safe-text.ts';
import { suggest } from '../core/diagnostics/suggest.ts';
import { toCommitStep } from '../core/edit/git-steps.ts';
import type { EditSubject } from '../core/edit/outcome.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import { toPath } from '../core/input/folder-tree.ts';
import { namesStorage } from '../core/input/model-storage.ts';
import { textAt } from '../core/input/plain-value.ts';
import type { SourceFile } from '../core/input/source-file.ts';
import type { Clone } from '../core/ports/clone.ts';
import type { RecognizedMode } from '../core/serving/modes.ts';
import { findMode, modeNames } from '../core/serving/modes.ts';
import { deploymentModeAnnotation } from '../core/serving/serving-mode.ts';
import { findSharing } from './edit/plan.ts';
import { autoMode } from './init/answers.ts';
import type { CheckedFiles } from './init/check.ts';
import {
  checkFiles,
  findGivenPercentage,
  findModeNotes,
  findSpecNotes,
  toCandidateName,
  toPrimaryName,
} from './init/check.ts';
import type { ModelAnswers, ReadValue } from './init/model.ts';
import { findMissing, parseIter8, parseValue, toAdoptedModel, toFreshModel } from './init/model.ts';
import type { ReadService } from './init/services.ts';
import { findTakenServices } from './init/services.ts';

export interface InitRequest extends ModelAnswers {
  /** A file with the InferenceService; `-`: standard input. */
  readonly from: string | undefined;
  /** The InferenceService as namespace/name. */
  readonly fromCluster: string | undefined;
  /** A file with the values of Iter8's chart. */
  readonly fromIter8: string | undefined;
  /** Where to write the files, as typed. */
  readonly dir: string | undefined;
  readonly dryRun: boolean;
}

export interface InitPorts {
  /** @param path as typed; `-`: standard input. */
  readonly readFile: (path: string) => SourceFile | Problem;
  /** An InferenceService. @throws Fault when there is none, or no answer. */
  readonly readService: (namespace: string, name: string) => Promise<string>;
  /** A Service of Kubernetes; it does not fail. */
  readonly readPlainService: (namespace: string, name: string) => Promise<ReadService>;
  /** Asks for the answers that are missing; undefined: nobody is there to answer. */
  readonly ask: ((answers: ModelAnswers) => Promise<ModelAnswers>) | undefined;
  /** Shows the files before they are written, and asks whether they should be; only where something was asked. */
  readonly confirm: (preview: InitPreview) => Promise<boolean>;
  /** Which mode the models of a namespace have, and what shows it. @throws Fault when the cluster cannot be asked. */
  readonly recognize: (namespace: string) => Promise<RecognizedMode | undefined>;
  /** @returns the folder for the files, from the repository's root. @throws Fault when it is outside. */
  readonly findFolder: (dir: string | undefined, model: string) => string;
  /** Everything below the outermost folder whose policies count. */
  readonly openTree: () => FolderTree;
  readonly isPresent: (path: string) => boolean;
  /** Creates or replaces these files, with the folders around them, or none of them. */
  readonly write: (files: readonly NewFile[]) => void;
  /** JSON Schemas for editors. */
  readonly toSchemaText: (kind: 'Model' | 'MirrorPolicy') => string;
  readonly clone: Clone | undefined;
  readonly toSubject: (subject: EditSubject) => string;
}

/** What is about to be written, and what to know of it. */
export interface InitPreview {
  readonly files: readonly NewFile[];
  readonly notes: readonly InitNote[];
}

const schemaFolder = '.model-mirror';
const schemaFiles = {
  Model: `${schemaFolder}/model.schema.json`,
  MirrorPolicy: `${schemaFolder}/policy.schema.json`,
} as const;

/** @throws Fault when the request contradicts itself or what was read. */
export async function init(request: InitRequest, ports: InitPorts): Promise<InitOutcome> {
  const iter8 = request.fromIter8 === undefined ? undefined : parseIter8(ports.readFile(request.fromIter8));
  if (isProblems(iter8)) return { code: 'invalid-input', problems: iter8 };
  const existing = await readExisting(request, ports);
  if (isProblems(existing)) return { code: 'invalid-input', problems: existing };
  const answers: ModelAnswers = {
    ...request,
    name: request.name ?? iter8?.name,
    namespace: request.namespace ?? iter8?.namespace,
    percentage: request.percentage ?? iter8?.mirrorPercentage.toString(),
  };
  if (existing !== undefined) {
    const model = toAdoptedModel(existing, answers, iter8);
    if (isProblems(model)) return { code: 'invalid-input', problems: model };
    return makeFiles(model, { request, ports, iter8, existing, answers, known: [], wasAsked: false });
  }
  const wasAsked = findMissing(answers).length > 0 && ports.ask !== undefined;
  const asked = wasAsked && ports.ask !== undefined ? await ports.ask(answers) : answers;
  const { mode, note } = await chooseMode(asked, ports);
  const model = toFreshModel({ ...asked, mode }, iter8);
  const known = [...(note === undefined ? [] : [note]), ...findFormatNotes(model)];
  return makeFiles(model, { request, ports, iter8, existing, answers: asked, known, wasAsked });
}

/** @throws Fault when the mode is to be recognized, and nothing shows it. */
async function chooseMode(
  { mode, namespace }: ModelAnswers,
  { recognize }: InitPorts,
): Promise<{ readonly mode: string | undefined; readonly note?: InitNote }> {
  if (mode?.toLowerCase() !== autoMode) return { mode };
  if (namespace === undefined)
    throw new Fault('usage', safe`--mode auto looks at a namespace, and none is named`, safe`pass --namespace`);
  const found = await recognize(namespace);
  if (found === undefined)
    throw new Fault(
      'usage',
      safe`nothing in the namespace ${quote(namespace)} shows how KServe runs its models`,
      safe`pass --mode ${join(modeNames.map(mask), ' or --mode ')}`,
    );
  return { mode: found.mode.name, note: { code: 'mode-recognized', mode: found.mode.name, by: found.by } };
}

async function readExisting(
  { from, fromCluster }: InitRequest,
  { readFile, readService }: InitPorts,
): Promise<ReadValue | readonly Problem[] | undefined> {
  if (from !== undefined && fromCluster !== undefined)
    throw new Fault(
      'usage',
      safe`--from and --from-cluster both name an InferenceService`,
      safe`leave one of them out`,
    );
  if (from !== undefined) return parseValue(readFile(from));
  if (fromCluster === undefined) return undefined;
  const [namespace = '', name = '', ...more] = fromCluster.split('/');
  if (namespace === '' || name === '' || more.length > 0)
    throw new Fault('usage', safe`${quote(fromCluster)} names no InferenceService`, safe`write it as namespace/name`);
  return parseValue({ path: fromCluster, text: await readService(namespace, name) });
}

interface InitScene {
  readonly request: InitRequest;
  readonly ports: InitPorts;
  readonly iter8: Iter8Rollout | undefined;
  readonly existing: ReadValue | undefined;
  readonly answers: ModelAnswers;
  /** What is known to be noted before the files are made. */
  readonly known: readonly InitNote[];
  /** Whether a person has answered questions. */
  readonly wasAsked: boolean;
}

async function makeFiles(model: NewModel, scene: InitScene): Promise<InitOutcome> {
  const { request, ports, iter8, existing, answers, known, wasAsked } = scene;
  const isPercentageGiven = answers.percentage !== undefined;
  const folder = ports.findFolder(request.dir, model.name);
  const tree = ports.openTree();
  const toSchemaPath = (kind: keyof typeof schemaFiles) =>
    folder === '.' ? schemaFiles[kind] : `${folder.replace(/[^/]+/g, '..')}/${schemaFiles[kind]}`;
  const modelFile = { path: toPath(folder, 'model.yaml'), text: toModelFile(model, toSchemaPath('Model')) };
  const given = isPercentageGiven ? undefined : findGivenPercentage(tree, modelFile, model);
  const policyText = toPolicyFile(model, toSchemaPath('MirrorPolicy'), given !== undefined);
  const policyPath = toPath(folder, 'policy.yaml');
  const files = policyText === undefined ? [modelFile] : [modelFile, { path: policyPath, text: policyText }];
  const taken = files.filter(({ path }) => ports.isPresent(path));
  if (taken.length > 0) return { code: 'refused', problems: taken.map(toTaken), files: [] };
  const checked = checkFiles(tree, files, model);
  if (hasErrors(checked.problems)) return { code: 'refused', problems: checked.problems, files };
  const notes: InitNote[] = [
    ...known,
    ...findNotes(model, { existing, iter8, checked }),
    ...(request.fromCluster === undefined ? [] : await findTakenServices(model, checked, ports.readPlainService)),
    ...findSharing(checked, policyPath, model.name).filter((note) => note.code === 'also-for'),
    ...(given === undefined ? [] : [given]),
    ...(model.namespace === undefined ? [{ code: 'no-namespace' } as const] : []),
  ];
  if (wasAsked && !request.dryRun && !(await ports.confirm({ files, notes }))) return { code: 'declined' };
  const written = request.dryRun ? undefined : await writeFiles(model, folder, files, ports);
  return { code: 'made', files, notes, warnings: checked.problems, written, wasShown: wasAsked && !request.dryRun };
}

async function writeFiles(
  model: NewModel,
  folder: string,
  files: readonly NewFile[],
  { isPresent, write, toSchemaText, clone, toSubject }: InitPorts,
): Promise<WrittenModel> {
  const paths = [...(isPresent(folder) ? files.map(({ path }) => path) : [folder]), schemaFolder];
  // Whichever version runs last writes its own schemas.
  const schemas = Object.entries(schemaFiles).map(([kind, path]) => ({
    path,
    text: toSchemaText(kind as keyof typeof schemaFiles),
  }));
  write([...schemas, ...files]);
  const found = await clone?.readState('.', []);
  const state = found && { ...found, isTracked: () => false };
  const next =
    clone &&
    state &&
    toCommitStep(state, await clone.readStepState(state, paths), {
      files: paths,
      message: toSubject({ code: 'new-model', model: model.name }),
    });
  return {
    folder,
    schemaFolder,
    next,
    addCandidate: model.candidate === undefined ? toAddCandidate(model) : undefined,
  };
}

/** What to know of the model's InferenceServices. */
function findNotes(
  model: NewModel,
  { existing, iter8, checked }: Pick<InitScene, 'existing' | 'iter8'> & { readonly checked: CheckedFiles },
): InitNote[] {
  const { name, primary, candidate } = model;
  const toNotes = (code: 'primary' | 'candidate', version: string, service: string): InitNote[] => [
    { code, model: name, version, service },
    ...findSpecNotes(existing?.value, service, checked),
  ];
  const missing = candidate === undefined ? iter8?.candidate : undefined;
  return [
    ...findModeNotes(model),
    ...toNotes('primary', primary.version, toPrimaryName(model)),
    ...(candidate === undefined ? [] : toNotes('candidate', candidate.version, toCandidateName(model))),
    ...(missing === undefined
      ? []
      : [{ code: 'candidate-missing', service: missing, add: toAddCandidate(model) } as const]),
  ];
}

/** With a name where the primary has the default one, and the next version where it is clear what it is called. */
function toAddCandidate(model: NewModel): NewCandidateCommand {
  const isTaken = toPrimaryName(model) === toCandidateName(model);
  const { version, storageUri, storagePath } = model.primary;
  const next = toNextVersion(version);
  const at = storageUri ?? storagePath;
  return {
    model: model.name,
    service: isTaken ? `${model.name}-0` : undefined,
    version: next,
    flag: storageUri === undefined && namesStorage(model) ? '--storage-path' : '--storage-uri',
    at: at?.includes(version) ? at.replaceAll(version, next) : undefined,
  };
}

/** `v1` → `v2`; what has no number at its end is followed by `v2`. */
function toNextVersion(version: string): string {
  const [, stem = '', number] = /^(.*?)(\d{1,9})$/.exec(version) ?? [];
  return number === undefined ? 'v2' : `${stem}${Number(number) + 1}`;
}

/** Runtimes of the cluster may have a format that none of KServe's own have. */
function findFormatNotes({ annotations, spec }: NewModel): InitNote[] {
  const mode = findMode(annotations[deploymentModeAnnotation]);
  const format = textAt(spec, ['predictor', 'model', 'modelFormat', 'name']);
  if (mode === undefined || format === undefined) return [];
  const names = mode.formats.map(({ name }) => name);
  if (names.includes(format)) return [];
  return [{ code: 'unknown-format', format, mode: mode.name, meant: suggest(format, names) }];
}

function toTaken({ path }: NewFile): Problem {
  return toWholeProblem(path, {
    code: 'file-exists',
    message: safe`this file exists already, and nothing is overwritten`,
    hint: safe`for a new version use model-mirror candidate set; for another model pass another folder with --dir`,
  });
}

function isProblems(value: unknown): value is readonly Problem[] {
  return Array.isArray(value);
}
