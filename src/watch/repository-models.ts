/**
 * The tracked branch's files → the models that it declares, and the statuses and the page that it has.
 *
 * Invariant: a file is read again only when its blob changed; a file that cannot be read is reported once
 * and keeps no other model from being watched.
 */
import { toFileRole, toStatusName } from '../input/file-role.ts';
import { parseModel, parseStatus } from '../input/parse-document.ts';
import type { Problem } from '../input/problem.ts';
import { toWholeProblem } from '../input/problem.ts';
import type { SafeText } from '../input/safe-text.ts';
import { safe } from '../input/safe-text.ts';
import type { ModelStatus } from '../input/schema.ts';
import type { SourceFile } from '../input/source-file.ts';
import { toVersionName } from '../rollout/rollout.ts';
import type { Snapshot, StatusBranch } from './ports.ts';

export interface RepositoryOptions {
  /** The watcher's folder from the repository's root; `.` for the root itself. */
  readonly path: string;
  readonly cluster: string | undefined;
  /** Whether a page is written at the path. */
  readonly page: boolean;
}

export interface RepositoryModel {
  readonly file: string;
  readonly folder: string;
  readonly statusFile: string;
  readonly name: string;
  /** Undefined: the namespace of whatever Application applies it. */
  readonly namespace: string | undefined;
  /** The names of the InferenceServices. */
  readonly primary: string;
  readonly candidate: string | undefined;
}

export interface StatusFile {
  readonly text: string;
  /** Undefined when the text is not a status. */
  readonly value: ModelStatus | undefined;
  /** Whether a watcher wrote it, broken or not; otherwise it is another program's file of that name. */
  readonly isOurs: boolean;
}

/** What the branch says. */
export interface DeclaredModels {
  /** By the path of the model file. */
  readonly models: ReadonlyMap<string, RepositoryModel>;
  readonly byFolder: ReadonlyMap<string, readonly RepositoryModel[]>;
  /** By path. */
  readonly statusFiles: ReadonlyMap<string, StatusFile>;
  /** The text of the page; undefined: there is none, or it cannot be read. */
  readonly page: string | undefined;
}

export interface RepositoryChange {
  /** Whether models were added, changed or removed. */
  readonly models: boolean;
  /** The paths of the status files that changed. */
  readonly statusFiles: readonly string[];
  /** Models of before that are rendered from other files now: their own, or a policy's that holds for them. */
  readonly touched: ReadonlySet<RepositoryModel>;
  readonly warnings: readonly SafeText[];
}

export class RepositoryModels implements DeclaredModels {
  readonly models = new Map<string, RepositoryModel>();
  readonly byFolder = new Map<string, RepositoryModel[]>();
  readonly statusFiles = new Map<string, StatusFile>();
  page: string | undefined;
  readonly #cluster: string | undefined;
  readonly #pagePath: string | undefined;
  #ids: ReadonlyMap<string, string> = new Map();

  constructor(options: RepositoryOptions) {
    this.#cluster = options.cluster;
    this.#pagePath = toPagePath(options);
  }

  /** Which files of the branch are read, by their folders and names. */
  static toFilter(options: RepositoryOptions): (folder: string, name: string) => boolean {
    const isStatus = toStatusTest(options.cluster);
    const page = toPagePath(options);
    return (folder, name) =>
      /^(Model|MirrorPolicy)$/.test(toFileRole(name)?.kind ?? '') ||
      isStatus(name) ||
      (page !== undefined && toPath(folder, name) === page);
  }

  /** @throws BranchTrouble when files cannot be read now; then all stays as it was. */
  async update({ files, problems }: Snapshot, read: StatusBranch['read']): Promise<RepositoryChange> {
    const other = [...files].filter(([path, id]) => this.#ids.get(path) !== id);
    const gone = [...this.#ids.keys()].filter((path) => !files.has(path));
    const touched = this.#findTouched([...other.map(([path]) => path), ...gone]);
    // Of policies it is enough to know that they changed.
    const changed = other.filter(([path]) => path !== this.#pagePath && !isPolicy(path));
    const page = await this.#readPage(files, read);
    const texts = await read(new Set(changed.map(([, id]) => id)));
    this.#ids = files;
    this.page = page;
    const isStatus = toStatusTest(this.#cluster);
    const statusFiles: string[] = [];
    const warnings = problems.map(toWarning);
    let models = false;
    for (const path of gone) {
      if (this.statusFiles.delete(path)) statusFiles.push(path);
      if (this.models.delete(path)) models = true;
    }
    for (const [path, id] of changed) {
      const text = texts.get(id) ?? '';
      if (isStatus(toName(path))) {
        statusFiles.push(path);
        this.statusFiles.set(path, typeof text === 'string' ? toStatusFile({ path, text }) : unreadableStatus);
      } else {
        models = true;
        const model = typeof text === 'string' ? this.#toModel({ path, text }) : toNoModel(toWholeProblem(path, text));
        if (typeof model === 'string') {
          this.models.delete(path);
          warnings.push(model);
        } else this.models.set(path, model);
      }
    }
    if (models) this.#index();
    return { models, statusFiles, touched, warnings };
  }

  /** Takes what this watcher has pushed itself: there is nothing to read. */
  accept({ files }: Snapshot, statuses: ReadonlyMap<string, StatusFile | undefined>, page: string | undefined): void {
    this.#ids = files;
    for (const [path, file] of statuses) {
      if (file === undefined) this.statusFiles.delete(path);
      else this.statusFiles.set(path, file);
    }
    if (page !== undefined) this.page = page;
  }

  /** The status files that watchers wrote for models that are not in the branch any more, by path. */
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

  #findTouched(paths: readonly string[]): ReadonlySet<RepositoryModel> {
    const files = new Set(paths);
    const folders = paths.filter(isPolicy).map(toFolder);
    const isTouched = ({ file, statusFile, folder }: RepositoryModel) =>
      files.has(file) || files.has(statusFile) || folders.some((outer) => isBelow(folder, outer));
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

  /** The model, or why the file gives none. */
  #toModel(source: SourceFile): RepositoryModel | SafeText {
    const role = toFileRole(toName(source.path));
    const { value, problems } = parseModel(source);
    const [first] = problems;
    if (value === undefined || role?.kind !== 'Model')
      return toNoModel(
        first ?? toWholeProblem(source.path, { code: 'wrong-type', message: safe`not a model`, hint: safe`` }),
      );
    const { metadata, spec } = value;
    const folder = toFolder(source.path);
    return {
      file: source.path,
      folder,
      statusFile: toPath(folder, toStatusName(role.stem, this.#cluster)),
      name: metadata.name,
      namespace: metadata.namespace,
      primary: toVersionName(metadata.name, 'primary', spec.primary),
      candidate: spec.candidate && toVersionName(metadata.name, 'candidate', spec.candidate),
    };
  }

  /** Where the model file of a status file would be. */
  #toModelFile(statusFile: string): string {
    const stem = toName(statusFile).slice(0, -toStatusName('', this.#cluster).length).replace(/\.$/, '');
    return toPath(toFolder(statusFile), stem === '' ? 'model.yaml' : `${stem}.model.yaml`);
  }
}

/** The page has a row for each model: it may be larger than any file that people write. */
const maxPageBytes = 16 * 1024 * 1024;

/** Of which nothing is known, not even whether a watcher wrote it. */
const unreadableStatus: StatusFile = { text: '', value: undefined, isOurs: false };

/** The page's path from the repository's root; undefined: none is written. */
export function toPagePath({ page, path, cluster }: RepositoryOptions): string | undefined {
  return page ? toPath(path, cluster === undefined ? 'STATUS.md' : `STATUS.${cluster}.md`) : undefined;
}

export function isBelow(folder: string, outer: string): boolean {
  return outer === '.' || folder === outer || folder.startsWith(`${outer}/`);
}

/** `.` is the repository's root. */
export function toFolder(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

function toPath(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

function toName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function isPolicy(path: string): boolean {
  return toFileRole(toName(path))?.kind === 'MirrorPolicy';
}

function toStatusTest(cluster: string | undefined): (name: string) => boolean {
  const own = toStatusName('', cluster);
  return (name) => name === own || name.endsWith(`.${own}`);
}

function toStatusFile(source: SourceFile): StatusFile {
  return {
    text: source.text,
    value: parseStatus(source).value,
    isOurs: /^kind: *ModelStatus *$/m.test(source.text) && source.text.includes('model-mirror.dev/'),
  };
}

function toNoModel({ file, line, column, message }: Problem): SafeText {
  return safe`${file}:${line}:${column}: ${message}; its status stays as it is until that is fixed`;
}

function toWarning({ file, line, column, message, hint }: Problem): SafeText {
  return safe`${file}:${line}:${column}: ${message}: ${hint}`;
}
