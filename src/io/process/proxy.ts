/**
 * Which proxy a request takes, by the variables that curl, git and kubectl know: HTTPS_PROXY, HTTP_PROXY
 * (in upper or lower case) and NO_PROXY. undici's own reader of NO_PROXY (8.12) does not support networks such as
 * 10.0.0.0/8, which is what people write in clusters.
 *
 * Invariants: this machine is never reached through a proxy; a proxy's credentials are sent to that proxy alone and
 * appear in no message.
 */
import { BlockList, isIP } from 'node:net';
import { Fault } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, quote, safe } from '../../core/diagnostics/safe-text.ts';
import type { Environment } from './argocd-environment.ts';

export interface ProxyServer {
  /** With its credentials, for connecting. */
  readonly uri: string;
  /** For people: the variable, and the address without credentials. */
  readonly title: SafeText;
}

/**
 * The proxy for an address; undefined: it is reached directly.
 *
 * @throws Fault when the variable is not the address of a proxy.
 */
export function findProxy(address: string, environment: Environment): ProxyServer | undefined {
  const url = new URL(address);
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const value = readVariable(name, environment)?.trim();
  if (!value || isDirect(url, readVariable('NO_PROXY', environment) ?? '')) return undefined;
  const proxy = toProxyUrl(value, name);
  return { uri: proxy.href, title: safe`the proxy ${mask(proxy.origin)} (${name})` };
}

function readVariable(name: string, environment: Environment): string | undefined {
  return environment[name.toLowerCase()] || environment[name];
}

function toProxyUrl(value: string, name: 'HTTPS_PROXY' | 'HTTP_PROXY'): URL {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  } catch {
    // The fault below covers it.
  }
  throw new Fault(
    'environment',
    safe`${name} ${quote(value)} is not the address of a proxy`,
    safe`write http://host:port`,
  );
}

function isDirect({ hostname, port, protocol }: URL, exceptions: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost') || isInNetwork(host, '127.0.0.0/8') || host === '::1')
    return true;
  const ownPort = port || (protocol === 'https:' ? '443' : '80');
  return exceptions
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), host, ownPort));
}

/** `*`, a network, or a name or an address with its port or without; a name covers the names below it. */
function matches(entry: string, host: string, ownPort: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(host, entry);
  const [, name = entry, port] = /^(.*?):(\d+)$/.exec(entry.replace(/^\[(.*)\]/, '$1')) ?? [];
  const isWhole = isIP(entry) !== 0;
  if (!isWhole && port !== undefined && port !== ownPort) return false;
  const domain = (isWhole ? entry : name).replace(/^\*?\./, '');
  return host === domain || host.endsWith(`.${domain}`);
}

function isInNetwork(host: string, network: string): boolean {
  const [address = '', length = ''] = network.split('/');
  const family = isIP(host);
  const bits = Number(length);
  if (family === 0 || family !== isIP(address) || !/^\d{1,3}$/.test(length) || bits > (family === 4 ? 32 : 128))
    return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, bits, type);
  return list.check(host, type);
}
