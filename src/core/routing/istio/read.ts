/**
 * VirtualServices, DestinationRules and ServiceEntries, rendered or live → what they do with requests.
 *
 * Invariant: whatever an object holds, reading it does not fail: live ones were written by others.
 */

import type { FieldPath } from '../../diagnostics/problem.ts';
import { isMap, mapsAt, omitUndefined, textAt, valueAt } from '../../input/plain-value.ts';
import {
  analysedVersionAnnotation,
  analysisAnnotation,
  nameLabel,
  pathAnnotation,
  policiesFromAnnotation,
} from '../../manifests/manifest.ts';
import type { Backend, Copies, Entry, Mirrored, ReadTraffic, Requests } from '../traffic.ts';
import { clientHeader, copyHeader, toMirrorName, toOthers } from './render.ts';

const firstRoute: FieldPath = ['route', 0];

export function read(objects: readonly unknown[]): ReadTraffic {
  const isLimits = (object: unknown) => valueAt(object, ['kind']) === 'DestinationRule';
  const traffic: ReadTraffic = Object.assign({}, ...objects.filter((object) => !isLimits(object)).map(readObject));
  const { copies } = traffic;
  return copies === undefined
    ? traffic
    : { ...traffic, copies: { ...copies, ...readLimits(objects.find(isLimits), copies) } };
}

function readLimits(object: unknown, { candidate }: Copies): Pick<Copies, 'http2Ports' | 'maxInFlight'> {
  const policy: FieldPath = ['spec', 'subsets', 0, 'trafficPolicy'];
  const pool: FieldPath = ['connectionPool', 'http'];
  const isHttp2 = (settings: unknown) => valueAt(settings, [...pool, 'h2UpgradePolicy']) === 'UPGRADE';
  const maxInFlight = valueAt(object, [...policy, ...pool, 'http2MaxRequests']);
  return {
    http2Ports: isHttp2(valueAt(object, policy))
      ? [...new Set(candidate.map(({ port }) => port))]
      : mapsAt(object, [...policy, 'portLevelSettings'])
          .filter(isHttp2)
          .flatMap((settings) => readNumber(settings, ['port', 'number']) ?? []),
    maxInFlight: typeof maxInFlight === 'number' ? maxInFlight : 0,
  };
}

function readObject(object: unknown): object {
  const name = textAt(object, ['metadata', 'name']) ?? '';
  const model = textAt(object, ['metadata', 'labels', nameLabel]) ?? name;
  const namespace = textAt(object, ['metadata', 'namespace']) ?? '';
  if (valueAt(object, ['kind']) === 'ServiceEntry') return { model, namespace, entry: readEntry(object) };
  if (name === toMirrorName(model)) return { model, namespace, copies: readCopies(object) };
  const requests = readRequests(object);
  return omitUndefined({
    model,
    namespace,
    folder: textAt(object, ['metadata', 'annotations', pathAnnotation]),
    policyRoot: textAt(object, ['metadata', 'annotations', policiesFromAnnotation]) ?? '.',
    hosts: readList(object, ['spec', 'hosts']),
    requests,
    strays: findStrays(object, requests),
  });
}

function readEntry(object: unknown): Entry {
  return {
    hosts: readList(object, ['spec', 'hosts']),
    ports: mapsAt(object, ['spec', 'ports']).flatMap((port) => readNumber(port, ['number']) ?? []),
    podLabels: readTexts(object, ['spec', 'workloadSelector', 'labels']),
  };
}

function readRequests(object: unknown): Requests {
  const routes = mapsAt(object, ['spec', 'http']);
  return omitUndefined({
    gateway: readList(object, ['spec', 'gateways'])[0] ?? '',
    primary: withoutOthers(routes.map(readBackend)),
    timeout: textAt(routes[0], ['timeout']),
    ...readMirrors(
      routes,
      textAt(object, ['metadata', 'annotations', analysisAnnotation]),
      textAt(object, ['metadata', 'annotations', analysedVersionAnnotation]),
    ),
  });
}

function readCopies(object: unknown): Omit<Copies, 'http2Ports' | 'maxInFlight'> {
  const routes = mapsAt(object, ['spec', 'http']);
  return {
    gateway: readList(object, ['spec', 'gateways'])[0] ?? '',
    candidate: routes.map(readBackend),
    timeout: textAt(routes[0], ['timeout']) ?? '',
  };
}

/** All but the route for what the others are not for, which is derived from them. */
function withoutOthers(backends: readonly Backend[]): readonly Backend[] {
  const own = backends.slice(0, -1);
  const derived = JSON.stringify(toOthers(own));
  return derived === JSON.stringify(backends.slice(-1)) ? own : backends;
}

function readBackend(route: unknown): Backend {
  const match = textAt(route, ['rewrite', 'uriRegexRewrite', 'match']);
  const to = textAt(route, ['rewrite', 'uriRegexRewrite', 'rewrite']);
  const path = textAt(route, ['match', 0, 'uri', 'regex']);
  const contentType = textAt(route, ['match', 0, 'headers', 'content-type', 'prefix']);
  return omitUndefined({
    version: textAt(route, ['match', 0, 'statPrefix']) ?? '',
    ...readAddress(route, [...firstRoute, 'destination']),
    setHeaders: readTexts(route, [...firstRoute, 'headers', 'request', 'set']),
    removeHeaders: readList(route, ['headers', 'request', 'remove']).filter(
      (header) => header !== copyHeader && header !== clientHeader,
    ),
    rewrite: match === undefined || to === undefined ? undefined : { match, to },
    only: path === undefined && contentType === undefined ? undefined : omitUndefined({ path, contentType }),
  });
}

function readAddress(object: unknown, path: FieldPath): { readonly host: string; readonly port: number } {
  return { host: textAt(object, [...path, 'host']) ?? '', port: readNumber(object, [...path, 'port', 'number']) ?? 0 };
}

/** Only with a task the second entry of a route is a sample. */
interface Entries {
  readonly mirrors: readonly Mirrored[];
  readonly samples: readonly Mirrored[];
}

function readEntries(route: unknown, hasTask: boolean): Entries {
  const listed = mapsAt(route, ['mirrors']).map((entry) => ({
    ...readAddress(entry, ['destination']),
    percentage: readPercentage(entry, 'percentage'),
  }));
  return {
    mirrors: [
      // Absent means 100 in both forms (Istio's VirtualService reference).
      ...(isMap(valueAt(route, ['mirror']))
        ? [{ ...readAddress(route, ['mirror']), percentage: readPercentage(route, 'mirrorPercentage') }]
        : []),
      ...(hasTask ? listed.toSpliced(1, 1) : listed),
    ],
    samples: hasTask ? listed.slice(1, 2) : [],
  };
}

/** Of what all routes copy, the largest share: a mirror that is open on one of them is open, wherever it leads. */
function readMirrors(
  routes: readonly unknown[],
  task: string | undefined,
  version: string | undefined,
): Pick<Requests, 'mirror' | 'sample'> {
  const all = routes.map((route) => readEntries(route, task !== undefined));
  const sample = findLargest(all.flatMap(({ samples }) => samples));
  return omitUndefined({
    mirror: findLargest(all.flatMap(({ mirrors }) => mirrors)),
    sample: sample && task !== undefined ? omitUndefined({ ...sample, task, version }) : undefined,
  });
}

/** All copies but one of each route to where the largest go: smaller ones that somebody adds would not show. */
function findStrays(object: unknown, { mirror, sample }: Requests): readonly Mirrored[] | undefined {
  const withoutOne = (entries: readonly Mirrored[], known: Mirrored | undefined) => {
    const at = entries.findIndex((one) => known !== undefined && toKey(one) === toKey(known));
    return at < 0 ? entries : entries.toSpliced(at, 1);
  };
  const strays = mapsAt(object, ['spec', 'http'])
    .map((route) => readEntries(route, sample !== undefined))
    .flatMap(({ mirrors, samples }) => [...withoutOne(mirrors, mirror), ...withoutOne(samples, sample)])
    .filter(({ percentage }) => percentage > 0);
  return strays.length === 0 ? undefined : strays;
}

function toKey({ host, port, percentage }: Mirrored): string {
  return JSON.stringify([host, port, percentage]);
}

function findLargest(mirrors: readonly Mirrored[]): Mirrored | undefined {
  return mirrors.reduce<Mirrored | undefined>(
    (largest, { host, port, percentage }) =>
      percentage > (largest?.percentage ?? 0) ? { host, port, percentage } : largest,
    undefined,
  );
}

/** Envoy knows four decimals. */
function readPercentage(object: unknown, field: string): number {
  const written = valueAt(object, [field]);
  if (written === undefined) return 100;
  const value = valueAt(written, ['value']);
  if (typeof value !== 'number' || !(value > 0)) return 0;
  return Math.min(100, Math.round(value * 10_000) / 10_000);
}

function readNumber(object: unknown, path: FieldPath): number | undefined {
  const found = valueAt(object, path);
  return typeof found === 'number' ? found : undefined;
}

function readList(object: unknown, path: FieldPath): string[] {
  const list = valueAt(object, path);
  return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
}

function readTexts(object: unknown, path: FieldPath): Record<string, string> {
  const map = valueAt(object, path);
  const entries = isMap(map) ? Object.entries(map) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
