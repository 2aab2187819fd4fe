/** The files of a place with credentials: a file, a folder (a mounted Secret) or the environment. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { toReason } from '../../../../core/diagnostics/fault.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { readIfThere } from '../../../files/read-if-there.ts';
import type { Environment } from '../../../process/argocd-environment.ts';
import type { CredentialFiles } from './credential-kind.ts';

/** The variables that stand for files. */
export const variables: ReadonlyMap<string, string> = new Map([
  ['token', 'MODEL_MIRROR_GIT_TOKEN'],
  ['username', 'MODEL_MIRROR_GIT_USERNAME'],
  ['password', 'MODEL_MIRROR_GIT_PASSWORD'],
  ['bearer-token', 'MODEL_MIRROR_GIT_BEARER_TOKEN'],
]);

/**
 * @param place a file, which is a token, or a folder; undefined: the environment.
 * @param names of the files that are read in a folder.
 * @throws BranchTrouble when the place cannot be read.
 */
export function readCredentialFiles(
  place: string | undefined,
  names: readonly string[],
  environment: Environment,
): CredentialFiles {
  const files = new Map<string, string>();
  const add = (name: string, text: string | undefined) => {
    const trimmed = text?.trim() ?? '';
    return trimmed === '' ? files : files.set(name, trimmed);
  };
  if (place === undefined) for (const [name, variable] of variables) add(name, environment[variable]);
  else
    try {
      if (statSync(place).isDirectory()) for (const name of names) add(name, readIfThere(join(place, name)));
      else if (add('token', readFileSync(place, 'utf8')).size === 0)
        throw new BranchTrouble('denied', safe`the file with the git credentials is empty: ${mask(place)}`);
    } catch (error) {
      if (error instanceof BranchTrouble) throw error;
      throw new BranchTrouble('denied', safe`the git credentials cannot be read: ${toReason(error)}: ${mask(place)}`);
    }
  return files;
}
