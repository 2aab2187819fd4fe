/**
 * The credentials of the git server, of the kind that their files show.
 *
 * Invariants: they are read again for each session, as other programs renew them; what is refused is read again before
 * that is reported. A place that is empty or cannot be read for a moment, as while it is rewritten, does not make the
 * watcher connect without credentials.
 */
import { Fault, isFault } from '../../../../core/diagnostics/fault.ts';
import type { SafeText } from '../../../../core/diagnostics/safe-text.ts';
import { join, mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import type { Clock } from '../../../../core/ports/watch.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import type { Environment } from '../../../process/argocd-environment.ts';
import { systemClock } from '../../../process/clock.ts';
import { readCredentialFiles, variables } from './credential-files.ts';
import type { CredentialFiles, CredentialKind, Headers } from './credential-kind.ts';
import { GithubApp } from './github-app.ts';
import { basic, bearer } from './static-credentials.ts';

/** How long after they were accepted last the credentials are used when there are none to be read. */
const keepSeconds = 300;

/** What one request is made with. */
export interface Authorization {
  readonly headers: Headers;
  /** Called when the server has accepted it. */
  readonly accept: () => void;
  /** Called when the server has answered 401. @returns what to try at once; undefined: nothing. */
  readonly refuse: (signal: AbortSignal) => Promise<Authorization | undefined>;
}

/** @throws BranchTrouble when there should be credentials, and there are none. */
export type ReadAuthorization = (signal: AbortSignal) => Promise<Authorization>;

interface Found {
  readonly kind: CredentialKind;
  readonly files: CredentialFiles;
  /** Whether these are earlier ones, in place of others that are missing or refused. */
  readonly isKept: boolean;
}

const none: Authorization = { headers: {}, accept: () => {}, refuse: async () => undefined };

export class Credentials {
  readonly #place: string | undefined;
  readonly #environment: Environment;
  readonly #kinds: readonly CredentialKind[];
  readonly #clock: Pick<Clock, 'date'>;
  /** What the server accepted last, and when, in seconds since 1970. */
  #accepted: { readonly found: Found; readonly headers: Headers; readonly at: number } | undefined;

  /**
   * @param address the repository's.
   * @param place a file with a token, or a folder with the files of one kind, as a Secret is mounted. Undefined: the
   *   environment, which may have none.
   */
  constructor(
    address: string,
    place: string | undefined,
    environment: Environment,
    clock: Pick<Clock, 'date' | 'sleep'> = systemClock,
  ) {
    this.#place = place;
    this.#environment = environment;
    this.#clock = clock;
    this.#kinds = [basic, bearer, new GithubApp(address, clock)];
  }

  /**
   * Which kind is used now.
   *
   * @throws Fault when there are two.
   */
  toTitle(): SafeText {
    try {
      const found = this.#find();
      return found === undefined ? safe`none` : found.kind.toTitle(found.files);
    } catch (error) {
      if (!(error instanceof BranchTrouble)) throw error;
      // Another program may still have to write them.
      return safe`none yet in ${mask(this.#place ?? '')}`;
    }
  }

  readonly read: ReadAuthorization = async (signal) => {
    const found = this.#findOrKeep();
    return found === undefined ? none : this.#wrap(found, await found.kind.toHeaders(found.files, signal));
  };

  #wrap(found: Found, headers: Headers): Authorization {
    return {
      headers,
      accept: () => {
        if (!found.isKept) this.#accepted = { found, headers, at: this.#clock.date() };
      },
      refuse: (signal) => this.#refuse(found, headers, signal),
    };
  }

  async #refuse(found: Found, headers: Headers, signal: AbortSignal): Promise<Authorization | undefined> {
    if (found.isKept) {
      this.#accepted = undefined;
      return undefined;
    }
    const again = await found.kind.refuse?.(headers, signal);
    if (again !== undefined) return this.#wrap(found, again);
    const next = this.#findOrKeep();
    if (next === undefined) return undefined;
    const renewed = await next.kind.toHeaders(next.files, signal);
    if (!isSame(renewed, headers)) return this.#wrap(next, renewed);
    // What was read may be half of what is being written.
    const kept = this.#keep();
    return kept === undefined || isSame(kept.headers, headers) ? undefined : this.#wrap(kept.found, kept.headers);
  }

  #findOrKeep(): Found | undefined {
    try {
      return this.#find();
    } catch (error) {
      const kept = this.#keep();
      if (kept !== undefined) return kept.found;
      throw isFault(error) ? new BranchTrouble('denied', safe`${error.message}: ${error.hint}`) : error;
    }
  }

  #keep(): { readonly found: Found; readonly headers: Headers } | undefined {
    const kept = this.#accepted;
    if (kept === undefined || this.#clock.date() - kept.at > keepSeconds) return undefined;
    return { found: { ...kept.found, isKept: true }, headers: kept.headers };
  }

  /** @throws BranchTrouble when something is missing; Fault when there are two kinds. */
  #find(): Found | undefined {
    const names = this.#kinds.flatMap((kind) => kind.names);
    const files = readCredentialFiles(this.#place, [...names, 'username'], this.#environment);
    const present = this.#kinds.filter((kind) => kind.names.some((name) => files.has(name)));
    const [kind] = present;
    if (present.length > 1) throw this.#toConflict(present, files);
    const place = mask(this.#place ?? '');
    if (kind === undefined) {
      if (this.#place === undefined) return undefined;
      throw new BranchTrouble('denied', safe`there is no file token, password, bearer-token or app-id in ${place}`);
    }
    const missing = kind.required.filter((name) => !files.has(name)).map(mask);
    if (missing.length > 0)
      throw new BranchTrouble(
        'denied',
        safe`${join(missing, ' and ')} ${missing.length > 1 ? 'are' : 'is'} missing or empty in ${place}`,
      );
    return { kind, files, isKept: false };
  }

  #toConflict(kinds: readonly CredentialKind[], files: CredentialFiles): Fault {
    const place = this.#place === undefined ? safe`the environment` : mask(this.#place);
    const titles = kinds.map((kind) => {
      const name = kind.names.find((one) => files.has(one)) ?? '';
      const shown = this.#place === undefined ? (variables.get(name) ?? name) : name;
      return safe`${kind.toTitle(files)} (${mask(shown)})`;
    });
    return new Fault(
      'usage',
      safe`${place} has git credentials of two kinds: ${join(titles, ' and ')}`,
      safe`remove those that are not meant`,
    );
  }
}

function isSame(one: Headers, other: Headers): boolean {
  return one['Authorization'] === other['Authorization'];
}
