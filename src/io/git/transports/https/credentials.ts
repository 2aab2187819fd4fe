/** The credentials of the git server: from a file, a folder (a mounted Secret) or the environment. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { keepCredential } from '../../../../core/diagnostics/credentials.ts';
import { toReason } from '../../../../core/diagnostics/fault.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import type { Environment } from '../../../process/argocd-environment.ts';

/** The user name beside a token: GitHub, GitLab and Gitea accept any, Bitbucket this one. */
const defaultUsername = 'x-token-auth';

/** Headers with the credentials, read again for each session: mounted tokens are rotated. */
export type ReadAuthorization = () => Readonly<Record<string, string>>;

/**
 * @param place a file with a token; or a folder with `token`, or `username` and `password`, as in a
 *   Secret of type basic-auth. Undefined: MODEL_MIRROR_GIT_TOKEN or MODEL_MIRROR_GIT_PASSWORD, with
 *   MODEL_MIRROR_GIT_USERNAME; without these, no credentials.
 */
export function toAuthorization(place: string | undefined, environment: Environment): ReadAuthorization {
  return () => {
    const { username, secret } =
      place === undefined
        ? {
            username: environment['MODEL_MIRROR_GIT_USERNAME'],
            secret: environment['MODEL_MIRROR_GIT_TOKEN'] || environment['MODEL_MIRROR_GIT_PASSWORD'],
          }
        : readPlace(place);
    if (!secret) return {};
    const pair = Buffer.from(`${username || defaultUsername}:${secret}`, 'utf8').toString('base64');
    keepCredential(secret);
    keepCredential(pair);
    return { Authorization: `Basic ${pair}` };
  };
}

function readPlace(place: string): { username: string | undefined; secret: string } {
  try {
    if (!statSync(place).isDirectory()) return { username: undefined, secret: readLine(place) };
    const [secret] = ['token', 'password'].map((name) => readIfThere(join(place, name))).filter(Boolean);
    if (secret !== undefined) return { username: readIfThere(join(place, 'username')), secret };
  } catch (error) {
    throw new BranchTrouble('denied', safe`the git credentials cannot be read: ${toReason(error)}: ${mask(place)}`);
  }
  throw new BranchTrouble('denied', safe`there is no file token or password in ${mask(place)}`);
}

function readIfThere(file: string): string | undefined {
  try {
    return readLine(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readLine(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
