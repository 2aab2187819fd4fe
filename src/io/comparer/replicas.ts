/**
 * What the comparer's replicas have counted, read from each of them.
 *
 * Each has an address of its own behind a headless Service. In a mesh, a sidecar only sends requests to a Pod's address with
 * mutual TLS if their Host names that Service (executed with STRICT mTLS: the address as Host gives 503).
 */
import { lookup as systemLookup } from 'node:dns/promises';
import type { Block } from '../../core/analysis/block.ts';
import { readBlocks } from '../../core/analysis/read-blocks.ts';
import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { EvidenceSource, Reading } from '../../core/ports/evidence.ts';
import { fetchAs } from '../process/fetch.ts';

/** Headless Services of the comparer: `host:port`. */
export interface ReplicaPlace {
  readonly host: string;
  readonly port: number;
}

/** The addresses behind a host, as DNS has them now. */
export type LookupAll = (host: string) => Promise<readonly string[]>;

/** A round must end before the next one is due. */
const timeoutMs = 4000;
/** Of one replica: a thousand models, a quarter of an hour, a kilobyte a block are 15 MiB. */
const maxBytes = 64 * 1024 * 1024;

export function toEvidenceSource(
  places: readonly ReplicaPlace[],
  lookup: LookupAll = async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address),
): EvidenceSource {
  return {
    read: async (signal) => join(await Promise.all(places.map((place) => readPlace(place, lookup, signal)))),
  };
}

async function readPlace(place: ReplicaPlace, lookup: LookupAll, signal: AbortSignal): Promise<Reading> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const addresses = await lookup(place.host).catch((error: unknown) => error);
  if (!Array.isArray(addresses))
    return toTrouble(safe`cannot find the comparer ${mask(place.host)}: ${toNetworkReason(addresses)}`);
  return join(await Promise.all(addresses.map((address: string) => readReplica(place, address, limit))));
}

async function readReplica({ host, port }: ReplicaPlace, address: string, signal: AbortSignal): Promise<Reading> {
  const place = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  try {
    const { status, body } = await fetchAs(`${host}:${port}`, `http://${place}/blocks`, signal);
    const text = await readText(body);
    if (status !== 200) return toTrouble(safe`the comparer at ${mask(place)} answers ${status}`);
    return { blocks: readBlocks(JSON.parse(text)), replicas: 1, troubles: [] };
  } catch (error) {
    return toTrouble(safe`cannot read what the comparer at ${mask(place)} has counted: ${toNetworkReason(error)}`);
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function toTrouble(trouble: SafeText): Reading {
  return { blocks: [], replicas: 0, troubles: [trouble] };
}

function join(readings: readonly Reading[]): Reading {
  const blocks: readonly Block[] = readings.flatMap((one) => one.blocks);
  return {
    blocks,
    replicas: readings.reduce((sum, one) => sum + one.replicas, 0),
    troubles: readings.flatMap((one) => one.troubles),
  };
}
