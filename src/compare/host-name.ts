/** Hosts of requests and addresses in the one form that they are compared in. */

/** @param host with or without a port. */
export function toPlainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '');
}

/**
 * Whether a route may send the comparer there: a name with a dot, as Services have in full. Not an address, which could
 * be anything's, this Pod's own and the cloud's metadata included.
 */
export function isCallableHost(host: string): boolean {
  const labels = host.split('.');
  return (
    host.length <= 253 &&
    labels.length > 1 &&
    labels.every((label) => /^[a-z0-9][-a-z0-9]{0,62}$/.test(label)) &&
    /^[a-z]/.test(labels.at(-1) ?? '') &&
    !['localhost', 'localdomain'].includes(labels.at(-1) ?? '')
  );
}
