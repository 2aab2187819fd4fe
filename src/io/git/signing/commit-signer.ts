/**
 * Signs commits with an SSH key (git-commit(1), `gpg.format=ssh`). The key is read again for each commit, as Secrets are
 * rotated.
 *
 * Invariant: no commit is made without a signature because a key is missing.
 */
import type { KeyObject } from 'node:crypto';
import { Fault, isFault, toReason } from '../../../core/diagnostics/fault.ts';
import type { SafeText } from '../../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../../core/diagnostics/safe-text.ts';
import type { Clock } from '../../../core/ports/watch.ts';
import { BranchTrouble } from '../../../core/ports/watch.ts';
import { parsePrivateKey, readPrivateKey } from '../private-key.ts';
import { toKeyObject } from './key-object.ts';
import { toFingerprint, toSshSignature } from './ssh-signature.ts';

/** For how long after it was read last the key is used, when there is none to be read. */
const keepSeconds = 300;

interface SigningKey {
  readonly text: string;
  readonly kind: string;
  readonly key: KeyObject;
}

export class CommitSigner {
  readonly #place: string;
  readonly #clock: Pick<Clock, 'date'>;
  #last: SigningKey;
  /** When it was read, in seconds since 1970. */
  #at: number;

  /**
   * @param place a file with a private key, or a folder with `ssh-privatekey`, as in a Secret of type ssh-auth.
   * @throws Fault when there is no key that can sign.
   */
  constructor(place: string, clock: Pick<Clock, 'date'>) {
    this.#place = place;
    this.#clock = clock;
    this.#last = readKey(place);
    this.#at = clock.date();
  }

  /** Which key it is, as the pages of git hosts show it. */
  get title(): SafeText {
    return safe`${mask(this.#last.kind)} ${mask(toFingerprint(this.#last.key))}`;
  }

  /**
   * @param content of a commit, as `git cat-file commit` shows it.
   * @returns the same with the header `gpgsig`.
   * @throws BranchTrouble when the key has been missing for minutes.
   */
  readonly sign = (content: Buffer): Buffer => {
    this.#readAgain();
    const lines = toSshSignature(content, this.#last.key).trimEnd().replaceAll('\n', '\n ');
    // After the last header; the message follows an empty line.
    const end = content.indexOf('\n\n') + 1;
    return Buffer.concat([content.subarray(0, end), Buffer.from(`gpgsig ${lines}\n`), content.subarray(end)]);
  };

  #readAgain(): void {
    try {
      this.#last = readKey(this.#place, this.#last);
      this.#at = this.#clock.date();
    } catch (error) {
      if (!isFault(error)) throw error;
      if (this.#clock.date() - this.#at > keepSeconds)
        throw new BranchTrouble('refused', safe`commits cannot be signed: ${error.message}: ${error.hint}`);
    }
  }
}

/** @param last returned when nothing has changed. */
function readKey(place: string, last?: SigningKey): SigningKey {
  const { file, text } = readText(place);
  if (text === last?.text) return last;
  const parsed = parsePrivateKey(text, file);
  if ('hint' in parsed) throw new Fault('usage', parsed.message, parsed.hint);
  try {
    return { text, kind: parsed.kind, key: toKeyObject(parsed.pem) };
  } catch (error) {
    throw new Fault(
      'usage',
      safe`the key in ${mask(file)} is cut off or damaged`,
      safe`copy the whole file, with its lines "BEGIN" and "END"`,
      { cause: error },
    );
  }
}

function readText(place: string): ReturnType<typeof readPrivateKey> {
  try {
    return readPrivateKey(place);
  } catch (error) {
    throw new Fault(
      'usage',
      safe`the signing key cannot be read: ${toReason(error)}: ${mask(place)}`,
      safe`name a file with a private key, or a folder with ssh-privatekey`,
      { cause: error },
    );
  }
}
