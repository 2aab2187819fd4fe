/**
 * The files of the tracked branch: the models that it declares, their status files and the page.
 *
 * Invariant: a file is read again only when its blob changed; a file that cannot be read is reported once
 * and keeps no other model from being watched.
 */

import type { Finding, Problem } from '../core/diagnostics/problem.ts';
import { toWholeProblem } from '../core/diagnostics/problem.ts';
import type { SafeText } from '../core/diagnostics/safe-text.ts';
import { safe } from '../core/diagnostics/safe-text.ts';
import { listCandidates } from '../core/input/candidates.ts';
import { isStatusText, toFileRole, toStatusName } from '../core/input/file-role.ts';
import { isWithin, toFolder, toName, toPath } from '../core/input/folder-tree.ts';
import type { Parsed } from '../core/input/parse-document.ts';
import { parseModel, parseStatus } from '../core/input/parse-document.ts';
import type { ModelStatus } from '../core/input/schema.ts';
import type { Snapshot, StatusBranch } from '../core/ports/watch.ts';
import { toVersionName } from '../core/rollout/rollout.ts';
import type { ModelTexts } from './model-texts.ts';
import { KeptTexts } from './model-texts.ts';

export interface BranchOptions {
  /** The watcher's folder from the repository's root; `.` for the root itself. */
  readonly path: string;
  readonly cluster: string | undefined;
  /** Whether a page is written at the path. */
  readonly page: boolean;
  /** Whether the texts of models and policies are kept, for people who look at them; absent: they are not. */
  readonly keepsTexts?: boolean;
}

export interface ModelFile {
  readonly file: string;
  readonly folder: string;
  readonly statusFile: string;
  readonly name: string;
  /** Undefined: the namespace of whatever Application applies it. */
  readonly namespace: string | undefined;
  /** The names of the InferenceServices. */
  readonly primary: string;
  readonly candidates: readonly string[];
}

export interface StatusFile {
  readonly text: string;
  /** Undefined when the text is not a status. */
  readonly value: ModelStatus | undefined;
  /** Whether a watcher wrote it, broken or not; otherwise it is another program's file of that name. */
  readonly isOurs: boolean;
}

/** What the branch has. */
export interface BranchContent {
  /** By the path of the model file. */
  readonly models: ReadonlyMap<string, ModelFile>;
  readonly byFolder: ReadonlyMap<string, readonly ModelFile[]>;
  /** By path. */
  readonly statusFiles: ReadonlyMap<string, StatusFile>;
}

export interface BranchChange {
  /** Whether models were added, changed or removed. */
  readonly models: boolean;
  /** The paths of the status files that changed. */
  readonly statusFiles: readonly string[];
  /** Models of the last snapshot whose own files changed, or a policy that applies to them. */
  readonly touched: ReadonlySet<ModelFile>;
  /** The files of models that are new since the last snapshot; empty for the first one. */
  readonly added: readonly string[];
  /** What the touched models were before, by their files, if texts are kept. */
  readonly before: ReadonlyMap<string, ModelTexts>;
  readonly warnings: readonly SafeText[];
}

export class BranchFiles implements BranchContent {
  readonly models = new Map<string, ModelFile>();
  readonly byFolder = new Map<string, ModelFile[]>();
  readonly statusFiles = new Map<string, StatusFile>();
  /** The text of the page; undefined: there is none, or it cannot be read. */
  page: string | undefined;
  /** The first problem of each model file that cannot be read, by path. */
  readonly broken = new Map<string, Problem>();
  /** What cannot be read of the branch beside them. */
  problems: readonly Problem[] = [];
  readonly #texts: KeptTexts | undefined;
  readonly #cluster: string | undefined;
  readonly #pagePath: string | undefined;
  #ids: ReadonlyMap<string, string> = new Map();

  constructor(options: BranchOptions) {
    this.#texts = options.keepsTexts === true ? new KeptTexts() : undefined;
    this.#cluster = options.cluster;
    this.#pagePath = toPagePath(options);
  }

  /** Which files of the branch are read, by their folders and names. */
  static toFilter(options: BranchOptions): (folder: string, name: string) => boolean {
    const isStatus = toStatusTest(options.cluster);
    const page = toPagePath(options);
    return (folder, name) =>
      /^(Model|MirrorPolicy)$/.test(toFileRole(name)?.kind ?? '') ||
      isStatus(name) ||
      (page !== undefined && toPath(folder, name) === page);
  }

  /** @throws BranchTrouble when files cannot be read now; then nothing has changed here. */
  async update({ files, problems }: Snapshot, read: StatusBranch['read']): Promise<BranchChange> {
    const other = [...files].filter(([path, id]) => this.#ids.get(path) !== id);
    const gone = [...this.#ids.keys()].filter((path) => !files.has(path));
    const touched = this.#findTouched([...other.map(([path]) => path), ...gone]);
    const changed = other.filter(([path]) => this.#isRead(path) || this.#isKept(path));
    const page = await this.#readPage(files, read);
    const texts = await read(new Set(changed.map(([, id]) => id)));
    const before = new Map([...touched].flatMap((model) => this.#toEntry(model)));
    const isFirst = this.#ids.size === 0;
    const added: string[] = [];
    this.#ids = files;
    this.page = page;
    this.problems = problems;
    const isStatus = toStatusTest(this.#cluster);
    const statusFiles: string[] = [];
    const warnings = problems.map(toWarning);
    let models = false;
    for (const path of gone) {
      this.#texts?.delete(path);
      this.broken.delete(path);
      if (this.statusFiles.delete(path)) statusFiles.push(path);
      else if (this.#isRead(path)) {
        // Also one that gave no model: now its status file belongs to none.
        models = true;
        this.models.delete(path);
      }
    }
    for (const [path, id] of changed) {
      const text = texts.get(id) ?? '';
      if (isStatus(toName(path))) {
        statusFiles.push(path);
        this.statusFiles.set(path, toStatusFile(path, text));
        continue;
      }
      this.#texts?.set(path, text);
      if (isPolicy(path)) continue;
      models = true;
      this.broken.delete(path);
      const parsed = this.#parseModel(path, text);
      if (parsed.value !== undefined) {
        if (!isFirst && !this.models.has(path)) added.push(path);
        this.models.set(path, parsed.value);
      } else {
        this.models.delete(path);
        const [problem] = parsed.problems;
        if (problem !== undefined) this.broken.set(path, problem);
        warnings.push(...parsed.problems.slice(0, 1).map(toModelWarning));
      }
    }
    if (models) this.#index();
    return { models, statusFiles, touched, added, before, warnings };
  }

  /** Takes over what this watcher has pushed: nothing needs to be read. */
  accept({ files }: Snapshot, statuses: ReadonlyMap<string, StatusFile | undefined>, page: string | undefined): void {
    this.#ids = files;
    for (const [path, file] of statuses) {
      if (file === undefined) this.statusFiles.delete(path);
      else this.statusFiles.set(path, file);
    }
    if (page !== undefined) this.page = page;
  }

  /** What a model is rendered from; undefined: texts are not kept. */
  findTexts(model: Pick<ModelFile, 'file' | 'folder' | 'statusFile'>): ModelTexts | undefined {
    return this.#texts?.find(model, this.statusFiles.get(model.statusFile)?.text);
  }

  #toEntry(model: ModelFile): [string, ModelTexts][] {
    const texts = this.findTexts(model);
    return texts === undefined ? [] : [[model.file, texts]];
  }

  /** The status files that a watcher wrote for models that are no longer in the branch, by path. */
  get orphans(): ReadonlyMap<string, StatusFile> {
    return new Map(
      [...this.statusFiles].filter(([path, { isOurs }]) => isOurs && !this.#ids.has(this.#toModelFile(path))),
    );
  }

  async #readPage(files: ReadonlyMap<string, string>, read: StatusBranch['read']): Promise<string | undefined> {
    const id = this.#pagePath === undefined ? undefined : files.get(this.#pagePath);
    if (id === undefined) return undefined;
    const page = (await read(new Set([id]), maxPageBytes)).get(id);
    return typeof page === 'string' ? page : undefined;
  }

  #findTouched(paths: readonly string[]): ReadonlySet<ModelFile> {
    const files = new Set(paths);
    const folders = paths.filter(isPolicy).map(toFolder);
    const isTouched = ({ file, statusFile, folder }: ModelFile) =>
      files.has(file) || files.has(statusFile) || folders.some((outer) => isWithin(folder, outer));
    return new Set([...this.models.values()].filter(isTouched));
  }

  #index(): void {
    this.byFolder.clear();
    for (const model of this.models.values()) {
      const others = this.byFolder.get(model.folder);
      if (others === undefined) this.byFolder.set(model.folder, [model]);
      else others.push(model);
    }
  }

  #parseModel(path: string, text: string | Finding): Parsed<ModelFile> {
    if (typeof text !== 'string') return { value: undefined, problems: [toWholeProblem(path, text)] };
    const role = toFileRole(toName(path));
    const { value, problems } = parseModel({ path, text });
    if (value === undefined || role?.kind !== 'Model') return { value: undefined, problems };
    const { metadata, spec } = value;
    const folder = toFolder(path);
    const model = {
      file: path,
      folder,
      statusFile: toPath(folder, toStatusName(role.stem, this.#cluster)),
      name: metadata.name,
      namespace: metadata.namespace,
      primary: toVersionName(metadata.name, 'primary', spec.primary),
      candidates: listCandidates(value).map(({ declared }) => toVersionName(metadata.name, 'candidate', declared)),
    };
    return { value: model, problems };
  }

  #isKept(path: string): boolean {
    return this.#texts !== undefined && isPolicy(path);
  }

  /** Of policies it is enough that they changed, unless people look at them, and the page is read apart. */
  #isRead(path: string): boolean {
    return path !== this.#pagePath && !isPolicy(path);
  }

  /** Where the model file of a status file would be. */
  #toModelFile(statusFile: string): string {
    const stem = toName(statusFile).slice(0, -toStatusName('', this.#cluster).length).replace(/\.$/, '');
    return toPath(toFolder(statusFile), stem === '' ? 'model.yaml' : `${stem}.model.yaml`);
  }
}

/** The page has a row for each model: it may be larger than any file that people write. */
const maxPageBytes = 16 * 1024 * 1024;

/** Nothing is known of it, not even whether a watcher wrote it. */
const unreadableStatus: StatusFile = { text: '', value: undefined, isOurs: false };

/** The page's path from the repository's root; undefined: none is written. */
export function toPagePath({ page, path, cluster }: BranchOptions): string | undefined {
  return page ? toPath(path, cluster === undefined ? 'STATUS.md' : `STATUS.${cluster}.md`) : undefined;
}

function isPolicy(path: string): boolean {
  return toFileRole(toName(path))?.kind === 'MirrorPolicy';
}

function toStatusTest(cluster: string | undefined): (name: string) => boolean {
  const own = toStatusName('', cluster);
  return (name) => name === own || name.endsWith(`.${own}`);
}

function toStatusFile(path: string, text: string | Finding): StatusFile {
  if (typeof text !== 'string') return unreadableStatus;
  return { text, value: parseStatus({ path, text }).value, isOurs: isStatusText(text) };
}

function toModelWarning({ file, line, column, message }: Problem): SafeText {
  return safe`${file}:${line}:${column}: ${message}; its status stays as it is until that is fixed`;
}

function toWarning({ file, line, column, message, hint }: Problem): SafeText {
  return safe`${file}:${line}:${column}: ${message}: ${hint}`;
}
