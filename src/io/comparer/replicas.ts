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
/**
 * Of all replicas in a round: what is read takes up to eight times as much memory, and the watcher has half a gigabyte. A
 * thousand models are 10 MiB for each replica: a quarter of an hour of 700 bytes a minute.
 */
const maxBytes = 32 * 1024 * 1024;
/** Of one Service. */
const maxReplicas = 100;

export function toEvidenceSource(
  places: readonly ReplicaPlace[],
  lookup: LookupAll = async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address),
): EvidenceSource {
  return {
    read: async (signal) => {
      const round = { left: maxBytes, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) };
      return join(await Promise.all(places.map((place) => readPlace(place, lookup, round))));
    },
  };
}

/** What is left of a round. */
interface Round {
  /** In bytes. */
  left: number;
  readonly signal: AbortSignal;
}

async function readPlace(place: ReplicaPlace, lookup: LookupAll, round: Round): Promise<Reading> {
  const addresses = await Promise.race([lookup(place.host), toEnd(round.signal)]).catch((error: unknown) => error);
  if (!Array.isArray(addresses))
    return toTrouble(safe`cannot find the comparer ${mask(place.host)}: ${toNetworkReason(addresses)}`);
  const asked = addresses.slice(0, maxReplicas);
  const readings = await Promise.all(asked.map((address: string) => readReplica(place, address, round)));
  if (asked.length === addresses.length) return join(readings);
  const { length } = addresses;
  return join([
    ...readings,
    toTrouble(
      safe`the comparer ${mask(place.host)} has ${length} addresses, and only ${maxReplicas} of them are asked`,
    ),
  ]);
}

/** DNS may take as long as it likes. */
function toEnd(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

async function readReplica({ host, port }: ReplicaPlace, address: string, round: Round): Promise<Reading> {
  const place = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  try {
    const { status, body } = await fetchAs(`${host}:${port}`, `http://${place}/blocks`, round.signal);
    const text = await readText(body, round);
    if (status !== 200) return toTrouble(safe`the comparer at ${mask(place)} answers ${status}`);
    return { blocks: readBlocks(JSON.parse(text)), replicas: 1, troubles: [] };
  } catch (error) {
    return toTrouble(safe`cannot read what the comparer at ${mask(place)} has counted: ${toNetworkReason(error)}`);
  }
}

async function readText(body: AsyncIterable<Uint8Array>, round: Round): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) {
    round.left -= part.length;
    if (round.left < 0) throw new Error(`the replicas have more than ${maxBytes} bytes`);
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
