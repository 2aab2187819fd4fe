import { readFileSync } from 'node:fs';

/** @returns undefined when there is no such file. @throws what node:fs throws else. */
export function readIfThere(file: string, encoding: 'utf8' | 'latin1' = 'utf8'): string | undefined {
  try {
    return readFileSync(file, encoding);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
