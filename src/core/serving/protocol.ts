import type { Protocol } from '../input/schema.ts';

/** What is not gRPC is HTTP, and all of it is on one port. */
export function isHttp(protocol: Protocol): boolean {
  return protocol !== 'grpc';
}
