/**
 * Settings of the network that other programs obey and this one does not, or that cannot take effect: unless they are
 * named, all that people see is a connection that fails.
 *
 * What Node reads of certificates: https://nodejs.org/api/cli.html, "NODE_EXTRA_CA_CERTS" and "--use-openssl-ca". What curl and
 * git read: curl(1), "ENVIRONMENT", and git-config(1), "http.sslCAInfo".
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { toReason } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { Environment } from './argocd-environment.ts';
import { findProxy } from './proxy.ts';

/**
 * What to warn of once, when the program starts.
 *
 * @param address of the repository.
 * @throws Fault when the variable for its proxy is not the address of one: it would stay so.
 */
export function listIneffective(address: string, isOverSsh: boolean, environment: Environment): SafeText[] {
  return [
    ...(isOverSsh ? listProxies(environment) : listUnusedProxies(address, environment)),
    ...listDifferent(environment),
    ...listUnmatched(environment),
    ...listUnknownCertificates(environment),
  ];
}

function listProxies(environment: Environment): SafeText[] {
  return ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].some((name) => isSet(name, environment))
    ? [safe`the repository is reached over SSH, which takes no proxy: use its https:// address to go through one`]
    : [];
}

function isSet(name: string, environment: Environment): boolean {
  return Boolean(environment[name.toLowerCase()] || environment[name]);
}

function listUnusedProxies(address: string, environment: Environment): SafeText[] {
  if (!/^https?:/.test(address) || findProxy(address, environment) !== undefined) return [];
  const [wanted, other] = address.startsWith('https:')
    ? (['HTTPS_PROXY', 'HTTP_PROXY'] as const)
    : (['HTTP_PROXY', 'HTTPS_PROXY'] as const);
  // What NO_PROXY has is reached directly because somebody wants it.
  if (isSet(wanted, environment)) return [];
  // Unless it is reached directly in any case.
  for (const name of [other, 'ALL_PROXY'] as const)
    if (
      isSet(name, environment) &&
      findProxy(address, { ...environment, [wanted]: 'http://proxy.invalid' }) !== undefined
    )
      return [
        name === 'ALL_PROXY'
          ? safe`ALL_PROXY is not read, and the repository is reached directly: set ${wanted}`
          : safe`${name} is not for the address of the repository, which is reached directly: set ${wanted}`,
      ];
  return [];
}

function listDifferent(environment: Environment): SafeText[] {
  return (['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'] as const).flatMap((name) => {
    const lower = environment[name.toLowerCase()];
    const upper = environment[name];
    if (!lower || !upper || lower === upper) return [];
    return [safe`${mask(name.toLowerCase())} and ${name} differ: ${mask(name.toLowerCase())} counts`];
  });
}

/** `*`, a name or what is below it, or an address, with a port or without. */
const isName = /^(\*|(\*?\.)?[\w.-]+(:\d+)?|\[?[\da-f:.]+\]?(:\d+)?)$/i;

/** Entries such as `10.*` and `https://host`. */
function listUnmatched(environment: Environment): SafeText[] {
  const entries = (environment['no_proxy'] || environment['NO_PROXY'] || '').split(/[\s,]+/);
  return entries
    .filter((entry) => entry !== '' && !isName.test(entry) && !isNetwork(entry))
    .map((entry) => safe`NO_PROXY ${quote(entry)} matches nothing: write a name, *.name, an address or a network`);
}

function isNetwork(entry: string): boolean {
  const [address = '', length = '', ...rest] = entry.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= most;
}

function listUnknownCertificates(environment: Environment): SafeText[] {
  const file = environment['NODE_EXTRA_CA_CERTS'];
  if (file) {
    const why = findFaultOf(file);
    return why === undefined ? [] : [safe`NODE_EXTRA_CA_CERTS adds no certificates: ${mask(file)}: ${why}`];
  }
  const readsOthers =
    environment['NODE_USE_SYSTEM_CA'] === '1' || /--use-(openssl|system)-ca/.test(environment['NODE_OPTIONS'] ?? '');
  const name = (['SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO', 'CURL_CA_BUNDLE'] as const).find(
    (one) => environment[one],
  );
  if (name === undefined || readsOthers) return [];
  return [safe`${name} is not read: name the certificates of your authority in NODE_EXTRA_CA_CERTS`];
}

function findFaultOf(file: string): SafeText | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return text.includes('-----BEGIN CERTIFICATE-----') ? undefined : safe`there is no certificate in PEM in it`;
  } catch (error) {
    return toReason(error);
  }
}
