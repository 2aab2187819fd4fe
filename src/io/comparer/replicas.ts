/**
 * What the comparer's replicas have counted, read from each of them page by page.
 *
 * Each has an address of its own behind a headless Service. In a mesh, a sidecar only sends requests to a Pod's address with
 * mutual TLS if their Host names that Service (executed with STRICT mTLS: the address as Host gives 503).
 */
import { lookup as systemLookup } from 'node:dns/promises';
import { readPage } from '../../core/analysis/read-page.ts';
import { toNetworkReason } from '../../core/diagnostics/fault.ts';
import type { SafeText } from '../../core/diagnostics/safe-text.ts';
import { mask, safe } from '../../core/diagnostics/safe-text.ts';
import type { EvidenceSource, Reading, ReplicaPart } from '../../core/ports/evidence.ts';
import { fetchAs } from '../process/fetch.ts';
import { PageReader } from './page-reader.ts';

/** Headless Services of the comparer: `host:port`. */
export interface ReplicaPlace {
  readonly host: string;
  readonly port: number;
}

/** The addresses behind a host, as DNS has them now. */
export type LookupAll = (host: string) => Promise<readonly string[]>;

/** A round must end before the next one is due. */
const timeoutMs = 4000;
/** Of all replicas in a round; what is left is read in the next one. A minute of ten thousand models is 7 MB of a replica. */
const maxRoundBytes = 64 * 1024 * 1024;
/** What is read takes up to eight times as much memory, and the watcher has half a gigabyte. */
const maxPageBytes = 4 * 1024 * 1024;
/** Of one replica in a round: it could send small ones without end. */
const maxPages = 200;
/** Of one Service. */
const maxReplicas = 100;
/** Addresses that were asked once, and may come back. */
const maxReaders = 1000;

/** What is the same for all replicas of a round. */
interface Round {
  /** In bytes. */
  left: number;
  readonly signal: AbortSignal;
  readonly take: (part: ReplicaPart) => void;
}

/** @param roundMs how long a round may take. */
export function toEvidenceSource(
  places: readonly ReplicaPlace[],
  lookup: LookupAll = async (host) => (await systemLookup(host, { all: true })).map(({ address }) => address),
  roundMs = timeoutMs,
): EvidenceSource {
  /** By Service and address, as two may be asked at once; the one that was asked last is the last. */
  const readers = new Map<string, PageReader>();
  const toReader = (host: string, at: string) => {
    const key = `${host} ${at}`;
    const reader = readers.get(key) ?? new PageReader();
    readers.delete(key);
    readers.set(key, reader);
    return reader;
  };
  const unique = [...new Map(places.map((place) => [`${place.host}:${place.port}`, place])).values()];
  return {
    read: async (take, signal) => {
      const round = { left: maxRoundBytes, signal: AbortSignal.any([signal, AbortSignal.timeout(roundMs)]), take };
      const readings = await Promise.all(unique.map((place) => readPlace(place, { lookup, toReader }, round)));
      for (const oldest of readers.keys()) {
        if (readers.size <= maxReaders) break;
        readers.delete(oldest);
      }
      return join(readings);
    },
  };
}

interface Access {
  readonly lookup: LookupAll;
  readonly toReader: (host: string, at: string) => PageReader;
}

async function readPlace(place: ReplicaPlace, { lookup, toReader }: Access, round: Round): Promise<Reading> {
  const found = await Promise.race([lookup(place.host), toEnd(round.signal)]).catch((error: unknown) => error);
  if (!Array.isArray(found))
    return toTrouble(safe`cannot find the comparer ${mask(place.host)}: ${toNetworkReason(found)}`);
  const addresses: readonly string[] = [...new Set(found)];
  const asked = addresses.slice(0, maxReplicas);
  const readings = await Promise.all(
    asked.map((address) => {
      const at = `${address.includes(':') ? `[${address}]` : address}:${place.port}`;
      return readReplica(place, at, toReader(place.host, at), round);
    }),
  );
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

/** @returns that it answered, also if the round ended before all of it was read. */
async function readReplica(place: ReplicaPlace, at: string, reader: PageReader, round: Round): Promise<Reading> {
  let replicas = 0;
  try {
    for (let pages = 0; pages < maxPages && round.left > 0; pages++) {
      const { status, text } = await askReplica(place, at, reader.after, round);
      if (status !== 200) {
        reader.restart();
        return toTrouble(safe`the comparer at ${mask(at)} answers ${status}`);
      }
      const page = readPage(JSON.parse(text));
      if (page === undefined) return toTrouble(safe`the comparer at ${mask(at)} sends no counts`);
      const part = reader.read(page);
      if (part !== undefined) round.take(part);
      replicas = 1;
      if (!page.hasMore) break;
    }
  } catch (error) {
    if (replicas === 0)
      return toTrouble(safe`cannot read what the comparer at ${mask(at)} has counted: ${toNetworkReason(error)}`);
  }
  return { replicas, troubles: [] };
}

async function askReplica({ host, port }: ReplicaPlace, at: string, after: string | undefined, round: Round) {
  const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
  const { status, body } = await fetchAs(`${host}:${port}`, `http://${at}/blocks${query}`, round.signal);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    round.left -= part.length;
    if (size > maxPageBytes) throw new Error(`it sends a page of more than ${maxPageBytes} bytes`);
    parts.push(part);
  }
  return { status, text: Buffer.concat(parts).toString() };
}

function toTrouble(trouble: SafeText): Reading {
  return { replicas: 0, troubles: [trouble] };
}

function join(readings: readonly Reading[]): Reading {
  return {
    replicas: readings.reduce((sum, one) => sum + one.replicas, 0),
    troubles: readings.flatMap((one) => one.troubles),
  };
}
