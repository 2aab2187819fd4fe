/**
 * VirtualServices, DestinationRules and ServiceEntries, rendered or live → what they do with requests.
 *
 * Invariant: whatever an object holds, reading it does not fail: live ones were written by others.
 */

import type { FieldPath } from '../../diagnostics/problem.ts';
import { isMap, omitUndefined, textAt, valueAt } from '../../input/plain-value.ts';
import { nameLabel, pathAnnotation, policiesFromAnnotation } from '../../manifests/manifest.ts';
import type { Backend, Copies, ReadTraffic, Requests } from '../traffic.ts';
import { clientHeader, copyHeader, toMirrorName } from './render.ts';

const http: FieldPath = ['spec', 'http', 0];

export function read(objects: readonly unknown[]): ReadTraffic {
  const isLimits = (object: unknown) => valueAt(object, ['kind']) === 'DestinationRule';
  const traffic: ReadTraffic = Object.assign({}, ...objects.filter((object) => !isLimits(object)).map(readObject));
  const { copies } = traffic;
  return copies === undefined ? traffic : { ...traffic, copies: { ...copies, ...readLimits(objects.find(isLimits)) } };
}

function readLimits(object: unknown): Pick<Copies, 'isHttp2' | 'maxInFlight'> {
  const pool: FieldPath = ['spec', 'trafficPolicy', 'connectionPool', 'http'];
  const maxInFlight = valueAt(object, [...pool, 'http2MaxRequests']);
  return {
    isHttp2: valueAt(object, [...pool, 'h2UpgradePolicy']) === 'UPGRADE',
    maxInFlight: typeof maxInFlight === 'number' ? maxInFlight : 0,
  };
}

function readObject(object: unknown): object {
  const name = textAt(object, ['metadata', 'name']) ?? '';
  const model = textAt(object, ['metadata', 'labels', nameLabel]) ?? name;
  const namespace = textAt(object, ['metadata', 'namespace']) ?? '';
  if (valueAt(object, ['kind']) === 'ServiceEntry')
    return { model, namespace, podLabels: readTexts(object, ['spec', 'workloadSelector', 'labels']) };
  if (name === toMirrorName(model)) return { model, namespace, copies: readCopies(object) };
  return omitUndefined({
    model,
    namespace,
    folder: textAt(object, ['metadata', 'annotations', pathAnnotation]),
    policyRoot: textAt(object, ['metadata', 'annotations', policiesFromAnnotation]) ?? '.',
    hosts: readList(object, ['spec', 'hosts']),
    requests: readRequests(object),
  });
}

function readRequests(object: unknown): Requests {
  const percentage = readPercentage(object);
  return omitUndefined({
    gateway: readList(object, ['spec', 'gateways'])[0] ?? '',
    primary: readBackend(object),
    timeout: textAt(object, [...http, 'timeout']),
    mirror: percentage === 0 ? undefined : { ...readAddress(object, [...http, 'mirror']), percentage },
  });
}

function readCopies(object: unknown): Omit<Copies, 'isHttp2' | 'maxInFlight'> {
  return {
    gateway: readList(object, ['spec', 'gateways'])[0] ?? '',
    candidate: readBackend(object),
    timeout: textAt(object, [...http, 'timeout']) ?? '',
  };
}

function readBackend(object: unknown): Backend {
  const route: FieldPath = [...http, 'route', 0];
  const match = textAt(object, [...http, 'rewrite', 'uriRegexRewrite', 'match']);
  const to = textAt(object, [...http, 'rewrite', 'uriRegexRewrite', 'rewrite']);
  return omitUndefined({
    version: textAt(object, [...http, 'match', 0, 'statPrefix']) ?? '',
    ...readAddress(object, [...route, 'destination']),
    setHeaders: readTexts(object, [...route, 'headers', 'request', 'set']),
    removeHeaders: readList(object, [...http, 'headers', 'request', 'remove']).filter(
      (header) => header !== copyHeader && header !== clientHeader,
    ),
    rewrite: match === undefined || to === undefined ? undefined : { match, to },
  });
}

function readAddress(object: unknown, path: FieldPath): { readonly host: string; readonly port: number } {
  const port = valueAt(object, [...path, 'port', 'number']);
  return { host: textAt(object, [...path, 'host']) ?? '', port: typeof port === 'number' ? port : 0 };
}

/** Absent means 100 (Istio's VirtualService reference); Envoy knows four decimals. */
function readPercentage(object: unknown): number {
  if (!isMap(valueAt(object, [...http, 'mirror']))) return 0;
  const written = valueAt(object, [...http, 'mirrorPercentage']);
  if (written === undefined) return 100;
  const value = valueAt(written, ['value']);
  if (typeof value !== 'number' || !(value > 0)) return 0;
  return Math.min(100, Math.round(value * 10_000) / 10_000);
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
