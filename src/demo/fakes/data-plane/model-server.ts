/**
 * The model servers of all versions, behind one address on loopback. In a cluster each Service has an address of its own; here
 * a call names the Service instead.
 */
import { toAnswer, toFailure } from './answer.ts';
import type { Arrived, HttpEnd, Reply } from './ends.ts';
import { serveHttp1, serveHttp2 } from './ends.ts';

/** A version that is loaded. */
export interface Served {
  readonly storageUri: string;
  /** By which its server calls the model. */
  readonly name: string;
}

/** Which version answers a call; undefined: nothing is loaded there. */
export type FindServed = (call: Pick<Arrived, 'host' | 'path' | 'headers'>) => Served | undefined;

/** Who asks: clients through the first hop, the mirror through the second, or the comparer. */
export type Origin = 'clients' | 'mirror' | 'comparer';

export class FakeModelServer {
  readonly #ends: readonly HttpEnd[];
  /** By origin and version. */
  readonly #counts = new Map<string, number>();
  readonly #delay: (storageUri: string) => number;

  private constructor(ends: readonly HttpEnd[], delay: (storageUri: string) => number) {
    this.#ends = ends;
    this.#delay = delay;
  }

  static async start(findServed: FindServed): Promise<FakeModelServer> {
    let server: FakeModelServer | undefined;
    const serve = async (call: Arrived) => (server as FakeModelServer).#serve(call, findServed(call));
    const ends = [await serveHttp1(serve), await serveHttp2(serve)];
    server = new FakeModelServer(ends, (storageUri) => (storageUri.includes('slow') ? 100 : 0));
    return server;
  }

  port(isHttp2: boolean): number {
    return this.#ends[isHttp2 ? 1 : 0]?.port ?? 0;
  }

  /** How many calls each version has answered so far, by the last part of the address that it was loaded from. */
  count(origin: Origin): Readonly<Record<string, number>> {
    const prefix = `${origin} `;
    const own = [...this.#counts].filter(([key]) => key.startsWith(prefix));
    return Object.fromEntries(own.map(([key, count]) => [key.slice(prefix.length), count]));
  }

  close(): void {
    for (const end of this.#ends) end.close();
  }

  async #serve(call: Arrived, served: Served | undefined): Promise<Reply> {
    const isGrpc = (call.headers['content-type'] ?? '').startsWith('application/grpc');
    if (served === undefined) return toFailure(isGrpc, 503, '14', 'nothing is loaded here');
    const { storageUri, name } = served;
    const key = `${toOrigin(call)} ${storageUri.split('/').at(-1)}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    const ms = this.#delay(storageUri);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    return toAnswer(call, storageUri, name);
  }
}

function toOrigin({ headers }: Arrived): Origin {
  if (headers['x-mirror-by'] !== undefined) return 'comparer';
  return headers['x-mirror-copy'] === undefined ? 'clients' : 'mirror';
}
