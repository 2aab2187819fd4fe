/**
 * Names → addresses that the comparer may call. A name can lead anywhere: to this Pod itself, where a sidecar trusts what
 * comes from within, or to the cloud's metadata, which answers everybody on the node.
 */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup } from 'node:dns';
import { BlockList, isIPv4 } from 'node:net';

/** The code of an error: the name leads only to addresses that may not be called. */
export const refusedAddress = 'REFUSED_ADDRESS';

/** As `dns.lookup` and what takes its place in `net.connect`. */
export type Lookup = (
  host: string,
  options: LookupOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: string | LookupAddress[], family?: number) => void,
) => void;

const refused = new BlockList();
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  refused.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of [
  ['::', 127],
  ['fe80::', 10],
  ['ff00::', 8],
  // Any address of IPv4, through a translator.
  ['64:ff9b::', 96],
  // EC2's metadata.
  ['fd00:ec2::', 32],
] as const)
  refused.addSubnet(address, prefix, 'ipv6');

/** IPv4 addresses within IPv6 are checked as what they are: BlockList does so. */
export function isRefusedAddress(address: string): boolean {
  return refused.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

export const safeLookup: Lookup = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, found) => {
    if (error !== null) return done(error, []);
    const addresses = found.filter(({ address }) => !isRefusedAddress(address));
    const [first] = addresses;
    if (first === undefined) return done(Object.assign(new Error(refusedAddress), { code: refusedAddress }), []);
    return options.all === true ? done(null, addresses) : done(null, first.address, first.family);
  });
};
