/**
 * The real side of the folder port: finds and reads the files below a folder.
 *
 * Threats: a repository is somebody's input. A link may point out of it, a file may be huge or no
 * text, a folder may not be readable: each is a problem at its place, because leaving the file out
 * in silence would let Argo CD prune what it declared.
 */
import { isUtf8 } from 'node:buffer';
import type { Dirent, Stats } from 'node:fs';
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import type { FileRole } from '../input/file-role.ts';
import { toFileRole } from '../input/file-role.ts';
import type { FolderTree, FoundFile } from '../input/folder-tree.ts';
import { toFolderChain } from '../input/folder-tree.ts';
import type { Finding, Problem } from '../input/problem.ts';
import { toWholeProblem } from '../input/problem.ts';
import type { SafeText } from '../input/safe-text.ts';
import { mask, safe } from '../input/safe-text.ts';
import type { SourceFile } from '../input/source-file.ts';
import { Fault, toReason } from './fault.ts';

/** A model file has some kilobytes; what is larger is not one. */
const maxFileBytes = 1024 * 1024;

export interface FolderPlaces {
  /** What there is of the repository: an absolute path without links. */
  readonly repository: string;
  /** The path of that folder in the whole repository; `.` when it is the root itself. */
  readonly repositoryPath: string;
  /** The folder to render: the same, and not outside of the repository. */
  readonly folder: string;
  /** The outermost folder whose policies count: the repository, unless an option names a folder further in. */
  readonly root: string;
}

/** Reads the folders, not yet the files. Folders whose names begin with a dot are left out, and node_modules. */
export function openFolderTree({ repository, repositoryPath, folder, root }: FolderPlaces): FolderTree {
  const problems: Problem[] = [];
  const files: FoundFile[] = [];
  const unreadable = new Map<string, Problem>();
  const toPath = (absolute: string) =>
    posix.join(repositoryPath, relative(repository, absolute).split(sep).join('/')) || '.';
  const toAbsolute = (path: string) => join(repository, posix.relative(repositoryPath, path));
  const report = (absolute: string, finding: Finding) => problems.push(toWholeProblem(toPath(absolute), finding));

  const list = (absolute: string, prefix: string, deep: boolean, within: string): void => {
    let entries: Dirent[];
    try {
      entries = readdirSync(absolute, { withFileTypes: true });
    } catch (error) {
      report(absolute, toUnreadable(safe`the folder cannot be listed: ${toReason(error)}`));
      return;
    }
    for (const entry of entries) {
      const { name } = entry;
      const role = toFileRole(name);
      if (entry.isDirectory()) {
        if (deep && !isLeftOut(name)) list(join(absolute, name), `${prefix}${name}/`, deep, within);
        continue;
      }
      if (isLeftOut(name) || (!deep && !isPolicy(role))) continue;
      const path = `${prefix}${name}`;
      const refusal = entry.isSymbolicLink()
        ? checkLink(join(absolute, name), within, role !== undefined)
        : role === undefined || entry.isFile()
          ? undefined
          : toUnreadable(safe`this is not a regular file`);
      if (refusal === 'not-ours') continue;
      // What is wrong with a status file is told where it is read: it must not stop the rest.
      if (refusal !== undefined && role?.kind === 'ModelStatus') unreadable.set(path, toWholeProblem(path, refusal));
      else if (refusal !== undefined) {
        report(join(absolute, name), refusal);
        continue;
      }
      if (role !== undefined) files.push({ path, folder: prefix.slice(0, -1) || '.', name });
    }
  };

  const from = toPath(folder);
  list(folder, from === '.' ? '' : `${from}/`, true, folder);
  const outermost = toPath(root);
  const around = toFolderChain(from).slice(toFolderChain(outermost).length - 1, -1);
  for (const path of around) list(toAbsolute(path), path === '.' ? '' : `${path}/`, false, root);
  return {
    folder: from,
    files,
    policyRoot: outermost,
    ignoredPolicies: toFolderChain(outermost)
      .slice(toFolderChain(repositoryPath).length - 1, -1)
      .flatMap((path) => listPolicies(toAbsolute(path), path)),
    problems,
    read: ({ path }) => unreadable.get(path) ?? readSource(toAbsolute(path), path),
  };
}

/** What cannot be listed is not told: nothing of it counts. */
function listPolicies(absolute: string, folder: string): string[] {
  try {
    return readdirSync(absolute)
      .filter((name) => !isLeftOut(name) && toFileRole(name)?.kind === 'MirrorPolicy')
      .map((name) => posix.join(folder, name))
      .sort();
  } catch {
    return [];
  }
}

export function isLeftOut(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}

export function isPolicy(role: FileRole | undefined): boolean {
  return role?.kind === 'MirrorPolicy' || (role?.kind === 'misnamed' && role.rightName.endsWith('policy.yaml'));
}

/**
 * What is wrong with a link, undefined when its target is to be read, or that it is nothing of ours.
 * A folder that a link leads to is read at its own place, so there must be one.
 */
function checkLink(link: string, within: string, wanted: boolean): Finding | 'not-ours' | undefined {
  let target: string;
  let kind: Stats;
  try {
    target = realpathSync.native(link);
    kind = statSync(target);
  } catch (error) {
    return wanted ? toUnreadable(safe`the link leads nowhere: ${toReason(error)}`) : 'not-ours';
  }
  if (kind.isFile() && !wanted) return 'not-ours';
  if (wanted && !kind.isFile() && !kind.isDirectory()) return toUnreadable(safe`this is not a regular file`);
  const inside = relative(within, target).split(sep);
  if (inside[0] === '..')
    return {
      code: 'link-leaves-folder',
      message: safe`the link leads out of the folder that is rendered`,
      hint: safe`put the file itself here, or render from a folder that holds both`,
    };
  if (kind.isFile()) return undefined;
  if (!inside.some(isLeftOut)) return 'not-ours';
  return {
    code: 'link-leaves-folder',
    message: safe`the link leads to a folder that is not read: its name begins with a dot, or is node_modules`,
    hint: safe`give the folder another name`,
  };
}

/** The text of a file, or why there is none. */
export function readSource(absolute: string, path: string): SourceFile | Problem {
  try {
    return toSource(path, readStart(absolute));
  } catch (error) {
    return toWholeProblem(path, toUnreadable(safe`the file cannot be read: ${toReason(error)}`));
  }
}

/** What is piped into the program. */
export function readStandardInput(): SourceFile | Problem {
  try {
    return toSource('(standard input)', readFileSync(0));
  } catch (error) {
    return toWholeProblem('(standard input)', toUnreadable(safe`it cannot be read: ${toReason(error)}`));
  }
}

/** A file's bytes, or its first ones when there are too many → its text, or why it is none. */
export function toSource(path: string, bytes: Buffer): SourceFile | Problem {
  const problem = (finding: Finding) => toWholeProblem(path, finding);
  if (bytes.length > maxFileBytes)
    return problem({
      code: 'file-too-large',
      message: safe`the file is larger than ${maxFileBytes} bytes, and no more are read`,
      hint: safe`make it smaller, or rename it if it is not for model-mirror`,
    });
  if (!isUtf8(bytes))
    return problem({ code: 'file-encoding', message: safe`the file is not UTF-8 text`, hint: safe`save it as UTF-8` });
  return { path, text: bytes.toString('utf8') };
}

/** Most files fit into it, and are read by one call to the system. */
const readBuffer = Buffer.allocUnsafe(16 * 1024);

/** A file's bytes, or a byte more than is allowed of a larger one. Valid until the next file is read. */
function readStart(absolute: string): Buffer {
  const file = openSync(absolute, 'r');
  try {
    const first = readSync(file, readBuffer, 0, readBuffer.length, null);
    if (first < readBuffer.length) return readBuffer.subarray(0, first);
    const large = Buffer.allocUnsafe(maxFileBytes + 1);
    let length = readBuffer.copy(large);
    for (let more = 1; more > 0 && length < large.length; length += more)
      more = readSync(file, large, length, large.length - length, null);
    return large.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

export function toUnreadable(message: SafeText): Finding {
  return { code: 'file-unreadable', message, hint: safe`make it readable for the user who renders, or remove it` };
}

/** The absolute path of a folder, links resolved. Throws a fault when it is not there. */
export function toRealFolder(path: string): string {
  let real: string;
  try {
    real = realpathSync.native(path);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    throw new Fault('environment', safe`${mask(path)}: ${toReason(error)}`, safe`name a folder that is there`, {
      cause: error,
    });
  }
  throw new Fault('usage', safe`${mask(path)} is not a folder`, safe`name the folder that holds the model`);
}

/** The nearest folder with a `.git`, from this one outwards; undefined when there is none. */
export function findRepository(folder: string): string | undefined {
  for (let at = folder; ; ) {
    if (statSync(join(at, '.git'), { throwIfNoEntry: false }) !== undefined) return at;
    const above = join(at, '..');
    if (above === at) return undefined;
    at = above;
  }
}
