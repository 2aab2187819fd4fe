/** What happens to one repository of a Gitea, its watcher, and the two accounts that may push there. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { check, checkThat } from '../../checks.ts';
import { files, statusFile, Watched } from '../watched.ts';
import type { Gitea } from './server.ts';

export interface Story {
  readonly title: string;
  /** Where the watcher commits; absent: main. */
  readonly branch?: string;
  readonly play: (scene: Scene) => Promise<void>;
}

export interface Scene {
  readonly gitea: Gitea;
  /** With one model in it. */
  readonly repository: string;
  /** Of an account that may push there and has no other rights. */
  readonly bot: string;
  readonly watched: Watched;
  /** One fact of the story. */
  readonly check: (fact: string, found: unknown, wanted: unknown) => void;
  /** The subjects of the branch's commits, the oldest first. */
  readonly subjects: (branch?: string) => Promise<string[]>;
}

let count = 0;

/** Tells it, in a repository of its own; what it throws is a check that failed. */
export async function tell({ title, branch, play }: Story, gitea: Gitea, folder: string): Promise<void> {
  const name = `story-${++count}`;
  const ends: (() => Promise<void>)[] = [];
  try {
    const repository = await gitea.addRepository(name);
    const bot = await gitea.addUser(`${name}-bot`);
    await gitea.allow(repository, bot, 'write');
    await addFiles(gitea, repository, files, 'wisdom: try v2');
    const watched = await Watched.start(await mkdtemp(join(folder, `${name}-`)), () =>
      gitea.show(repository, statusFile, branch),
    );
    ends.push(() => watched.end());
    await play({
      gitea,
      repository,
      bot,
      watched,
      check: (fact, found, wanted) => check(`${title}: ${fact}`, found, wanted),
      subjects: async (branch = 'main') =>
        (await gitea.git(repository, 'log', '--reverse', '--format=%s', branch)).trimEnd().split('\n'),
    });
  } catch (error) {
    await checkThat(title, () => Promise.reject(error as Error));
  } finally {
    for (const end of ends) await end();
  }
}

/**
 * A commit by the administrator through Gitea's API, as its editor in the browser makes it; again while somebody else is
 * quicker, as a person would.
 */
export async function addFiles(
  gitea: Gitea,
  repository: string,
  texts: Readonly<Record<string, string>>,
  message: string,
  branch = 'main',
): Promise<void> {
  const files = Object.entries(texts).map(([path, text]) => ({
    operation: 'create',
    path,
    content: Buffer.from(text).toString('base64'),
  }));
  for (;;)
    try {
      await gitea.api('POST', `/repos/${repository}/contents`, { branch, message, files });
      return;
    } catch (error) {
      if (!/cannot lock ref|Not updating/.test((error as Error).message)) throw error;
    }
}
