/**
 * What git has answered to questions about the refs of a repository, for whoever asks the same while they are the same: clients
 * ask far more often than anything changes, and each answer takes three processes.
 */

import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { readIfThere } from '../../io/files/read-if-there.ts';

export interface GitAnswer {
  readonly status: number;
  readonly headers: readonly [name: string, value: string][];
  readonly body: Buffer;
}

/** A request whose answer follows from the refs and the settings of the repository alone. */
export interface RefQuestion {
  readonly folder: string;
  /** All of the request that git reads. */
  readonly asked: string;
  /** In protocol version 2 an advertisement names no ref: they are asked for. */
  readonly isOfSettings: boolean;
}

interface Known {
  readonly state: string;
  readonly answer: GitAnswer;
}

/** Of a question in protocol version 2: the refs. All others are about objects, and longer. */
const command = 'command=ls-refs';

export class RefAnswers {
  readonly #known = new Map<string, Known>();

  /** @returns what git has answered in this state of the repository; undefined when nobody asked. */
  find(question: RefQuestion): GitAnswer | undefined {
    const known = this.#known.get(`${question.folder}\n${question.asked}`);
    return known !== undefined && known.state === readState(question) ? known.answer : undefined;
  }

  /** @param before the state of the repository when git was started; it may have changed since. */
  keep(question: RefQuestion, before: string | undefined, answer: GitAnswer): void {
    if (before === undefined || answer.status !== 200 || before !== readState(question)) return;
    this.#known.set(`${question.folder}\n${question.asked}`, { state: before, answer });
  }
}

/**
 * @param path of the URL, decoded.
 * @param body undefined: too long to be about refs.
 * @returns undefined when the answer depends on more than refs.
 */
export function toRefQuestion(
  { method, headers }: Pick<IncomingMessage, 'method' | 'headers'>,
  root: string,
  { path, query, body }: { readonly path: string; readonly query: string; readonly body: Buffer | undefined },
): RefQuestion | undefined {
  const isAdvertisement = method === 'GET' && path.endsWith('/info/refs');
  const isList = method === 'POST' && body?.includes(command) === true;
  if (!isAdvertisement && !isList) return undefined;
  const asked = JSON.stringify([
    path,
    query,
    headers['git-protocol'],
    headers['content-type'],
    headers['content-encoding'],
    body?.toString('latin1'),
  ]);
  return {
    folder: join(root, path, isAdvertisement ? '../..' : '..'),
    asked,
    isOfSettings:
      isAdvertisement && query === 'service=git-upload-pack' && headers['git-protocol']?.toString() === 'version=2',
  };
}

/**
 * All that git reads of a bare repository to say what its refs are.
 *
 * @returns undefined when it is none, or changes just now.
 */
export function readState({ folder, isOfSettings }: RefQuestion): string | undefined {
  try {
    const settings = ['HEAD', 'config'].map((name) => readFileSync(join(folder, name), 'latin1'));
    if (isOfSettings) return JSON.stringify(settings);
    const refs = readdirSync(join(folder, 'refs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    const loose = refs.map((file) => [file, readFileSync(file, 'latin1')]);
    return JSON.stringify([settings, loose, readIfThere(join(folder, 'packed-refs'), 'latin1')]);
  } catch {
    return undefined;
  }
}
