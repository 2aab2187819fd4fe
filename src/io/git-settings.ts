/**
 * What git's configuration says, as git itself resolves it: the files of the machine, of the user, of
 * the repository and of the work tree, what they include, and the environment (git-config(1), "FILES").
 * Without an installed git the user's files and the repository's are read here, as far as that is safe.
 */
import fs from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { PromiseFsClient } from 'isomorphic-git';
import git from 'isomorphic-git';
import type { Environment } from './argocd-environment.ts';
import { askGit } from './git-command.ts';
import type { GitFolder } from './git-folder.ts';

export interface GitSettings {
  /** By the key in lower case, the value that holds; of a key without one, `true`. */
  readonly read: (key: string) => Promise<string | undefined>;
  /** A file that includes others, which could not be followed. */
  readonly unread: string | undefined;
}

/** @param folder the work tree's root. */
export async function readGitSettings(
  folder: string,
  repository: GitFolder,
  environment: Environment,
): Promise<GitSettings> {
  const listed = await listSettings(folder, environment);
  if (listed !== undefined) return { read: async (key) => listed.get(key), unread: undefined };
  const places = toPlaces(environment).filter((place) => fs.existsSync(place));
  const own = join(repository.common, 'config');
  return {
    read: (key) => readSetting(key, repository, places),
    unread: [own, ...places].find((place) => /^[ \t]*\[include/im.test(fs.readFileSync(place, 'utf8'))),
  };
}

/** Whether a value means yes (git-config(1), "Values"). */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(true|yes|on|0*[1-9]\d*)$/i.test(value);
}

/** Undefined when git is not installed, or does not take this folder for a repository of its own. */
async function listSettings(folder: string, environment: Environment): Promise<Map<string, string> | undefined> {
  const listed = await askGit(folder, ['config', '--list', '-z'], environment);
  if (listed === undefined) return undefined;
  const entries = listed.split('\0').slice(0, -1);
  return new Map(
    entries.map((entry) => {
      const end = entry.indexOf('\n');
      return end < 0 ? [entry, 'true'] : [entry.slice(0, end), entry.slice(end + 1)];
    }),
  );
}

/** The user's files; the first that says something counts. */
function toPlaces({ HOME: home = '', XDG_CONFIG_HOME: xdg }: Environment): string[] {
  return isAbsolute(home) ? [join(home, '.gitconfig'), join(xdg || join(home, '.config'), 'git/config')] : [];
}

async function readSetting(
  path: string,
  { fs: files, gitdir }: GitFolder,
  places: readonly string[],
): Promise<string | undefined> {
  const own: unknown = await git.getConfig({ fs: files, gitdir, path });
  if (own !== undefined) return String(own);
  for (const place of places) {
    // The library reads a file of the name config only.
    const readFile = (_: string, options?: object) => fs.promises.readFile(place, options);
    const found: unknown = await git.getConfig({
      fs: { promises: { ...fs.promises, readFile } } as PromiseFsClient,
      gitdir: dirname(place),
      path,
    });
    if (found !== undefined) return String(found);
  }
  return undefined;
}
