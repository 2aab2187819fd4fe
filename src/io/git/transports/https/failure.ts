/** What is meant by a request that failed without a response of the git server. */
import { mask, safe } from '../../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../../core/ports/watch.ts';
import { ProxyTrouble } from '../../../process/fetch.ts';

/** Of OpenSSL (X509_verify_cert_error_string(3)), as Node names them: an authority is not known. */
const unknownAuthority = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];

/** @returns a BranchTrouble where more is known of the error than it says; otherwise the error. */
export function toFailure(error: unknown): unknown {
  const code = findCode(error);
  if (code !== undefined && unknownAuthority.includes(code))
    return new BranchTrouble(
      'unreachable',
      safe`the certificate of the git server, or of a proxy in front of it, is of an authority that is not known (${mask(code)}): name a file with that authority’s certificates in NODE_EXTRA_CA_CERTS`,
    );
  if (!(error instanceof ProxyTrouble)) return error;
  const { title, status } = error;
  if (status === 407)
    return new BranchTrouble(
      'denied',
      safe`${title} requires credentials (HTTP 407): write them into the variable, http://user:password@host:port`,
    );
  if (status !== undefined)
    return new BranchTrouble(
      status >= 500 ? 'unavailable' : 'denied',
      safe`${title} does not connect to the git server (HTTP ${status})`,
    );
  return new BranchTrouble(
    'unreachable',
    safe`the git server cannot be reached through ${title}: ${mask(error.message)}`,
  );
}

/** The first code of the error and its causes: the client wraps what Node throws. */
function findCode(error: unknown): string | undefined {
  let one = error;
  for (let depth = 0; depth < 5 && one instanceof Error; depth++) {
    const { code } = one as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
    one = one.cause;
  }
  return undefined;
}
