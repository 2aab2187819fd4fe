/**
 * Replaces credentials in a text by `…`: values of keys whose name contains a word for a secret, users and passwords in
 * URLs, private keys, and tokens with a known format.
 *
 * Names of Secrets stay: people need them to find the cause of a problem. Every step runs in linear time: texts come
 * from files, the cluster and the network, and may be long on purpose.
 *
 * No library does this: redaction libraries (fast-redact, @pinojs/redact) take paths in objects, and secret scanners
 * (secretlint, gitleaks) only report where a secret is in a file.
 */
import { hidden, hideTokens } from './credential-tokens.ts';
import { hideValues } from './secret-values.ts';

/** @param isCut whether the end of the text is missing: the last URL may have had its `@` there. */
export function hideCredentials(text: string, isCut = false): string {
  return hideValues(hideTokens(hideUsers(hidePrivateKeys(hideOwn(text)), isCut)));
}

/** A shorter one could be part of any word. */
const shortestOwn = 6;
/** Credentials rotate, and a response may still repeat an earlier one. */
const mostOwn = 16;
const own = new Set<string>();

/** Hides a credential of the program itself from now on: a server may repeat it, as in "token … has expired". */
export function keepCredential(credential: string): void {
  if (credential.length < shortestOwn) return;
  own.delete(credential);
  own.add(credential);
  const [oldest] = own;
  if (own.size > mostOwn && oldest !== undefined) own.delete(oldest);
}

function hideOwn(text: string): string {
  let safe = text;
  for (const credential of own) safe = safe.replaceAll(credential, hidden);
  return safe;
}

/** PEM blocks, except public ones. A block without an end extends to the end of the text. */
function hidePrivateKeys(text: string): string {
  const begin = '-----BEGIN ';
  let safe = '';
  let done = 0;
  for (let at = text.indexOf(begin); at >= 0; at = text.indexOf(begin, done)) {
    const label = text.slice(at + begin.length, at + begin.length + 40);
    safe += text.slice(done, at + begin.length);
    done = at + begin.length;
    if (/^(?:CERTIFICATE|PUBLIC KEY|X509 CRL)-/.test(label)) continue;
    const end = text.indexOf('-----END ', done);
    safe += hidden;
    done = end < 0 ? text.length : end;
  }
  return safe + text.slice(done);
}

/** A password may contain `@` and slashes: everything up to the last `@` of the word is hidden. */
function hideUsers(text: string, isCut: boolean): string {
  return text.replace(/[^\s"]+/g, (word, at: number) => {
    // Programs that normalize a URL as a path leave one slash; JSON may escape each slash.
    const slash = word.search(/\/\/|:\\?\//);
    if (slash < 0 || /@\/\//.test(word)) return hideUserOfHost(word);
    const start = slash + (word.startsWith(':\\/\\/', slash) ? 5 : word.startsWith('://', slash) ? 3 : 2);
    const end = word.lastIndexOf('@');
    if (end >= start) return word.slice(0, start) + hidden + word.slice(end);
    return isCut && at + word.length === text.length ? word.slice(0, start) + hidden : word;
  });
}

/**
 * User and password before a host, without a scheme: `root:…@tcp(db:3306)/models`, as in Go's database drivers, and
 * `jdbc:oracle:thin:scott/…@//db:1521/models`. The tag of an image before its digest is neither.
 */
function hideUserOfHost(word: string): string {
  const end = word.includes('@//') ? word.indexOf('@//') : word.lastIndexOf('@');
  if (end < 0 || word.startsWith('@sha256:', end)) return word;
  const colon = word.indexOf(':');
  const slash = word.lastIndexOf('/', end);
  if (colon < 1 || colon > end || word.startsWith('mailto:')) return word;
  if (slash < 0) return word.slice(0, colon + 1) + hidden + word.slice(end);
  return word.includes('jdbc:') ? word.slice(0, slash + 1) + hidden + word.slice(end) : word;
}
