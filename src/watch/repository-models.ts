/**
 * The tracked branch's files → the models it declares and the statuses it tells.
 *
 * Invariant: a file is read again only when its blob changed; what cannot be read is reported once and
 * stands in nobody's way.
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
import type { StatusBranch } from './ports.ts';

export interface RepositoryModel {
  readonly file: string;
  readonly folder: string;
  readonly statusFile: string;
  readonly name: string;
  /** Undefined: the namespace of whatever Application applies it. */
  readonly namespace: string | undefined;
  readonly primary: string;
  readonly candidate: string | undefined;
}

export interface StatusFile {
  readonly text: string;
  /** Undefined when the text is not a status. */
  readonly value: ModelStatus | undefined;
  /** Whether it is the watcher's, broken or not; else somebody else's that only bears the name. */
  readonly isOurs: boolean;
}

export interface RepositoryChange {
  readonly models: boolean;
  /** Status files that are other than before. */
  readonly statusFiles: readonly string[];
  /** Models that are rendered from other files than before: their own, or a policy's that holds for them. */
  readonly touched: readonly RepositoryModel[];
  readonly warnings: readonly SafeText[];
}

type Read = StatusBranch['read'];

export class RepositoryModels {
  readonly models = new Map<string, RepositoryModel>();
  readonly byFolder = new Map<string, RepositoryModel[]>();
  readonly statusFiles = new Map<string, StatusFile>();
  readonly #cluster: string | undefined;
  #ids: ReadonlyMap<string, string> = new Map();

  constructor(cluster: string | undefined) {
    this.#cluster = cluster;
  }

  /** Which files of the branch are wanted at all, by their names. */
  static toFilter(cluster: string | undefined): (name: string) => boolean {
    const isStatus = toStatusTest(cluster);
    return (name) => /^(Model|MirrorPolicy)$/.test(toFileRole(name)?.kind ?? '') || isStatus(name);
  }

  async update(files: ReadonlyMap<string, string>, read: Read): Promise<RepositoryChange> {
    const other = [...files].filter(([path, id]) => this.#ids.get(path) !== id);
    const gone = [...this.#ids.keys()].filter((path) => !files.has(path));
    const touched = this.#ids.size === 0 ? [] : this.#findTouched([...other.map(([path]) => path), ...gone]);
    // Of policies it is enough to know that they changed.
    const changed = other.filter(([path]) => !isPolicy(path));
    const texts = await read(new Set(changed.map(([, id]) => id)));
    this.#ids = files;
    const isStatus = toStatusTest(this.#cluster);
    const statusFiles: string[] = [];
    const warnings: SafeText[] = [];
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

  /** Takes in what this watcher itself has pushed: there is nothing to read. */
  accept(files: ReadonlyMap<string, string>, changes: ReadonlyMap<string, StatusFile | undefined>): void {
    this.#ids = files;
    for (const [path, file] of changes) {
      if (file === undefined) this.statusFiles.delete(path);
      else this.statusFiles.set(path, file);
    }
  }

  /** Whether a model file lies where this status file would belong to it. */
  hasModelFileFor(statusFile: string): boolean {
    const folder = toFolder(statusFile);
    const stem = toStem(toName(statusFile), this.#cluster);
    return this.#ids.has(toPath(folder, stem === '' ? 'model.yaml' : `${stem}.model.yaml`));
  }

  /** Those known so far. */
  #findTouched(paths: readonly string[]): RepositoryModel[] {
    const files = new Set(paths);
    const folders = paths.filter(isPolicy).map(toFolder);
    return [...this.models.values()].filter(
      ({ file, statusFile, folder }) =>
        files.has(file) || files.has(statusFile) || folders.some((outer) => isBelow(folder, outer)),
    );
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
}

function toNoModel({ file, line, column, message }: Problem): SafeText {
  return safe`${file}:${line}:${column}: ${message}; its status stays as it is until that is fixed`;
}

/** Whatever its text may be, it is no status. */
const unreadableStatus: StatusFile = { text: '', value: undefined, isOurs: false };

/** The page at the watcher's path. */
export function toPageName(cluster: string | undefined): string {
  return cluster === undefined ? 'STATUS.md' : `STATUS.${cluster}.md`;
}

/** `.` is the repository's root. */
export function toPath(folder: string, name: string): string {
  return folder === '.' ? name : `${folder}/${name}`;
}

/** Also for the folder itself. */
export function isBelow(folder: string, outer: string): boolean {
  return outer === '.' || folder === outer || folder.startsWith(`${outer}/`);
}

export function toFolder(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '.' : path.slice(0, end);
}

function isPolicy(path: string): boolean {
  return toFileRole(toName(path))?.kind === 'MirrorPolicy';
}

function toName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function toStatusTest(cluster: string | undefined): (name: string) => boolean {
  const own = toStatusName('', cluster);
  return (name) => name === own || name.endsWith(`.${own}`);
}

function toStem(name: string, cluster: string | undefined): string {
  return name.slice(0, -toStatusName('', cluster).length).replace(/\.$/, '');
}

function toStatusFile(source: SourceFile): StatusFile {
  return {
    text: source.text,
    value: parseStatus(source).value,
    isOurs: /^kind: *ModelStatus *$/m.test(source.text) && source.text.includes('model-mirror.dev/'),
  };
}
