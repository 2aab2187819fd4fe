/** Git's configuration of branches and remotes (git-config(1)). */
import type { Git } from './git.ts';

export class BranchSettings {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  /** Names of the remotes, sorted. */
  readonly remotes: readonly string[];

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
    this.remotes = [...values.keys()].flatMap((key) => /^remote\.(.*)\.url$/s.exec(key)?.[1] ?? []).sort();
  }

  /** @param key as git writes it: in small letters, but for the name of a branch or remote. */
  first(key: string): string | undefined {
    return this.#values.get(key)?.[0];
  }

  /** The value that counts where one is overridden by the next. */
  last(key: string): string | undefined {
    return this.#values.get(key)?.at(-1);
  }
}

const pattern = String.raw`^(push\.default|remote\.pushdefault|remote\..*\.url|branch\..*\.(pushremote|remote|merge))$`;

export async function readBranchSettings(git: Git, signal?: AbortSignal): Promise<BranchSettings> {
  const listed = await git.ask(['config', '--null', '--get-regexp', pattern], { signal });
  const values = new Map<string, string[]>();
  for (const entry of (listed ?? '').split('\0').slice(0, -1)) {
    const end = entry.indexOf('\n');
    const [key, value] = end < 0 ? [entry, ''] : [entry.slice(0, end), entry.slice(end + 1)];
    values.set(key, [...(values.get(key) ?? []), value]);
  }
  return new BranchSettings(values);
}
