/** Flags, environment and file system → the folder to render, and its repository. */
import { relative, resolve, sep } from 'node:path';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { Problem } from '../../core/diagnostics/problem.ts';
import { toWholeProblem } from '../../core/diagnostics/problem.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { PathNames } from '../../core/repository/find-model.ts';
import type { FolderPlaces } from '../../io/files/folder-tree.ts';
import { findRepository, isBareRepository, toRealFolder } from '../../io/files/folder-tree.ts';
import type { ArgocdEnvironment } from '../../io/process/argocd-environment.ts';
import type { Host } from '../host.ts';

export interface PlaceFlags {
  readonly root?: string;
  readonly repoRoot?: string;
}

export interface Places extends FolderPlaces, PathNames {
  readonly problems: readonly Problem[];
}

/**
 * @param directory as given on the command line, from the working directory.
 * @throws Fault when a folder does not exist, or is outside of the repository or root.
 */
export function toPlaces(host: Host, argocd: ArgocdEnvironment, directory: string, flags: PlaceFlags): Places {
  const folder = toRealFolder(resolve(host.workingDirectory, directory));
  const found = findPlaceOf(folder, host, argocd, flags);
  const { repository, repositoryPath } = found ?? { repository: folder, repositoryPath: '.' };
  if (!isInside(folder, repository))
    throw new Fault(
      'usage',
      safe`${mask(directory)} is not in the repository ${mask(repository)}`,
      safe`correct --repo-root`,
    );
  const chosen = flags.root ?? argocd.root;
  const root = chosen === undefined ? repository : toRealFolder(resolve(host.workingDirectory, chosen));
  if (!isInside(folder, root) || !isInside(root, repository))
    throw new Fault(
      'usage',
      safe`the root ${mask(chosen ?? '')} does not contain ${mask(directory)}, or is not in the repository`,
      repositoryPath === '.'
        ? safe`leave it out: policies count from the repository's root`
        : safe`leave it out, and ${sendOuter}: ${toSent(repositoryPath)}`,
    );
  return {
    repository,
    repositoryPath,
    folder,
    root,
    problems: [
      ...(found === undefined ? [noRepository] : []),
      ...(repositoryPath === '.' ? [] : [toNotSent(repositoryPath, chosen !== undefined)]),
    ],
    toShownPath: (file) => {
      const absolute = resolve(repository, file);
      const fromHere = relative(host.workingDirectory, absolute) || '.';
      return mask(fromHere.length < absolute.length ? fromHere : absolute);
    },
    toInnerPaths: (typed) => toInnerPaths(typed, host.workingDirectory, repository),
  };
}

/** The paths from the repository's root that a path typed in a folder may mean. */
export function toInnerPaths(typed: string, start: string, repository: string): string[] {
  const toInner = (absolute: string) => relative(repository, absolute).split(sep).join('/') || '.';
  return [toInner(resolve(start, typed)), toInner(resolve(repository, typed))];
}

type Repository = Pick<FolderPlaces, 'repository' | 'repositoryPath'>;

function findPlaceOf(folder: string, host: Host, argocd: ArgocdEnvironment, flags: PlaceFlags): Repository | undefined {
  if (flags.repoRoot !== undefined)
    return { repository: toRealFolder(resolve(host.workingDirectory, flags.repoRoot)), repositoryPath: '.' };
  if (argocd.sourcePath !== undefined) return toArgocdRepository(host.workingDirectory, argocd.sourcePath);
  const repository = findRepository(folder);
  if (repository !== undefined) return { repository, repositoryPath: '.' };
  if (isBareRepository(folder))
    throw new Fault(
      'usage',
      safe`this is a bare repository, which has no work tree`,
      safe`read a commit with --revision, or run this in a clone`,
    );
  return undefined;
}

const noRepository = toWholeProblem(
  '.',
  {
    code: 'no-repository',
    message: safe`this is not in a git repository, so paths and policies count from this folder`,
    hint: safe`pass --repo-root to count from another one`,
  },
  'warning',
);

/**
 * Outer policies may have limits, so rendering without them is an error: nobody sees the warnings of a plugin.
 * People who may edit the Application can accept it with a parameter.
 */
function toNotSent(repositoryPath: string, isAccepted: boolean): Problem {
  return isAccepted
    ? toWholeProblem(
        repositoryPath,
        {
          code: 'policy-ignored',
          message: safe`policies of the folders above are ignored because of the parameter root; ${toSent(repositoryPath)}`,
          hint: safe`leave the parameter out, and ${sendOuter}`,
        },
        'warning',
      )
    : toWholeProblem(repositoryPath, {
        code: 'outer-policies-missing',
        message: safe`policies of the folders above cannot be read: ${toSent(repositoryPath)}`,
        hint: safe`${sendOuter}; or set the parameter root to "." to render without them`,
      });
}

function toSent(repositoryPath: string): SafeText {
  return safe`Argo CD sent only ${quote(repositoryPath)} of the repository`;
}

/** Argo CD sends the folder that all paths of the annotation have in common (plugin.use.manifest.generate.paths). */
const sendOuter = 'add ;/policy.yaml to the annotation argocd.argoproj.io/manifest-generate-paths of the Application';

/**
 * Argo CD often leaves out .git, but always runs a plugin in the Application's folder of the checkout: the
 * repository is as many levels above as the source path has parts. Where Argo CD sends only what
 * manifest-generate-paths names, the outer folders are missing.
 */
function toArgocdRepository(workingDirectory: string, sourcePath: string): Repository {
  const parts = sourcePath.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..'))
    throw new Fault(
      'environment',
      safe`ARGOCD_APP_SOURCE_PATH is ${mask(sourcePath)}`,
      safe`use a source path without ".."`,
    );
  const here = workingDirectory.split(sep);
  let sent = 0;
  while (sent < parts.length && here.at(-1 - sent) === parts.at(-1 - sent)) sent++;
  return {
    repository: resolve(workingDirectory, ...parts.slice(parts.length - sent).map(() => '..')),
    repositoryPath: parts.slice(0, parts.length - sent).join('/') || '.',
  };
}

function isInside(folder: string, outer: string): boolean {
  return folder === outer || folder.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
