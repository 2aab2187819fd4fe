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
import { quote, safe } from '../core/diagnostics/safe-text.ts';
import { toCommitStep } from '../core/edit/git-steps.ts';
import type { EditSubject } from '../core/edit/outcome.ts';
import type { FolderTree } from '../core/input/folder-tree.ts';
import type { SourceFile } from '../core/input/source-file.ts';
import type { Clone } from '../core/ports/clone.ts';
import { findSharing } from './edit/plan.ts';
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
import { isComplete, parseIter8, parseValue, toAdoptedModel, toFreshModel } from './init/model.ts';
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
  /** Asks for the answers that are missing; undefined: there is no terminal. */
  readonly ask: ((answers: ModelAnswers) => Promise<ModelAnswers>) | undefined;
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
  const model =
    existing === undefined
      ? toFreshModel(isComplete(answers) || ports.ask === undefined ? answers : await ports.ask(answers), iter8)
      : toAdoptedModel(existing, answers, iter8);
  if (isProblems(model)) return { code: 'invalid-input', problems: model };
  return makeFiles(model, { request, ports, iter8, existing, isPercentageGiven: answers.percentage !== undefined });
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
  readonly isPercentageGiven: boolean;
}

async function makeFiles(model: NewModel, scene: InitScene): Promise<InitOutcome> {
  const { request, ports, iter8, existing, isPercentageGiven } = scene;
  const folder = ports.findFolder(request.dir, model.name);
  const tree = ports.openTree();
  const toPath = (name: string) => (folder === '.' ? name : `${folder}/${name}`);
  const toSchemaPath = (kind: keyof typeof schemaFiles) =>
    folder === '.' ? schemaFiles[kind] : `${folder.replace(/[^/]+/g, '..')}/${schemaFiles[kind]}`;
  const modelFile = { path: toPath('model.yaml'), text: toModelFile(model, toSchemaPath('Model')) };
  const given = isPercentageGiven ? undefined : findGivenPercentage(tree, modelFile, model);
  const policyText = toPolicyFile(model, toSchemaPath('MirrorPolicy'), given !== undefined);
  const policyPath = toPath('policy.yaml');
  const files = policyText === undefined ? [modelFile] : [modelFile, { path: policyPath, text: policyText }];
  const taken = files.filter(({ path }) => ports.isPresent(path));
  if (taken.length > 0) return { code: 'refused', problems: taken.map(toTaken), files: [] };
  const checked = checkFiles(tree, files, model);
  if (hasErrors(checked.problems)) return { code: 'refused', problems: checked.problems, files };
  const notes: InitNote[] = [
    ...findNotes(model, { existing, iter8, checked }),
    ...(request.fromCluster === undefined ? [] : await findTakenServices(model, checked, ports.readPlainService)),
    ...findSharing(checked, policyPath, model.name).filter((note) => note.code === 'also-for'),
    ...(given === undefined ? [] : [given]),
    ...(model.namespace === undefined ? [{ code: 'no-namespace' } as const] : []),
  ];
  const written = request.dryRun ? undefined : await writeFiles(model, folder, files, ports);
  return { code: 'made', files, notes, warnings: checked.problems, written };
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

/** With a name where the primary has the default one. */
function toAddCandidate(model: NewModel): NewCandidateCommand {
  const isTaken = toPrimaryName(model) === toCandidateName(model);
  return { model: model.name, service: isTaken ? `${model.name}-0` : undefined };
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
