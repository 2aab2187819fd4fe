/** The files that a connection depends on: the private key, and known_hosts. They are read again for each session. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, toReason } from '../../../../core/diagnostics/fault.ts';
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { readIfThere } from '../../../files/read-if-there.ts';
import type { PrivateKey } from '../../private-key.ts';
import { parsePrivateKey, readPrivateKey } from '../../private-key.ts';

export interface SshFiles {
  readonly key: PrivateKey;
  readonly keyPlace: string;
  /** The text of known_hosts. */
  readonly knownHosts: string;
  /** Of known_hosts; undefined: there is none. */
  readonly knownHostsPlace: string | undefined;
}

/**
 * @param credentials a file with a private key, or a folder with `ssh-privatekey`, as in a Secret of type ssh-auth, and
 *   `known_hosts`, unless that is elsewhere.
 * @param knownHosts the file, if it was named.
 * @throws Fault when they cannot be used.
 */
export function readSshFiles(credentials: string | undefined, knownHosts: string | undefined): SshFiles {
  if (credentials === undefined)
    throw new Fault(
      'usage',
      safe`no private key is given for SSH`,
      safe`pass --git-credentials: a file with a private key, or a folder with ssh-privatekey`,
    );
  try {
    const { file: keyPlace, text } = readPrivateKey(credentials);
    const key = parsePrivateKey(text, keyPlace);
    if ('hint' in key) throw new Fault('environment', key.message, key.hint);
    const place = knownHosts ?? (keyPlace === credentials ? undefined : join(credentials, 'known_hosts'));
    const known = knownHosts === undefined ? place && readIfThere(place) : readFileSync(knownHosts, 'utf8');
    return { key, keyPlace, knownHosts: known ?? '', knownHostsPlace: known === undefined ? undefined : place };
  } catch (error) {
    if (error instanceof Fault) throw error;
    const { path = credentials } = error as NodeJS.ErrnoException;
    throw new Fault(
      'environment',
      safe`${mask(path)} cannot be read: ${toReason(error)}`,
      safe`check --git-credentials and --known-hosts: a private key, or a folder with ssh-privatekey, and a file of known hosts`,
      { cause: error },
    );
  }
}

/** The same while the watcher runs: what was there at the start may be replaced, and may come back. */
export function rereadSshFiles(credentials: string | undefined, knownHosts: string | undefined): SshFiles {
  try {
    return readSshFiles(credentials, knownHosts);
  } catch (error) {
    const { message, hint } = error as Fault;
    throw new BranchTrouble('denied', safe`${message}: ${hint}`);
  }
}
