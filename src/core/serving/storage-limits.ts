/**
 * `limits.storageUriPrefixes`: every place of an InferenceService that something can be loaded from is
 * below an allowed address, or the InferenceService is refused.
 */

import type { FieldPath, Finding } from '../diagnostics/problem.ts';
import type { SafeText } from '../diagnostics/safe-text.ts';
import { join, quote, safe } from '../diagnostics/safe-text.ts';
import type { PlainMap } from '../input/plain-value.ts';
import { isMap } from '../input/plain-value.ts';
import type { InferenceService, ServingMode } from './serving-mode.ts';

interface Found extends Finding {
  readonly path: FieldPath;
}

/** KServe copies annotations to Pods, where its storage initializer reads this one (pkg/constants). */
const sourceAnnotation = 'internal.serving.kserve.io/storage-initializer-sourceuri';

/**
 * @param prefixes an address must be at or below one prefix of each list; without a list all is allowed.
 * @param findSources what the serving mode loads from beside the fields that are known here.
 */
export function checkStorageLimits(
  service: InferenceService,
  prefixes: readonly (readonly string[])[],
  findSources: ServingMode['findSources'],
): Found[] {
  if (prefixes.length === 0) return [];
  const findings: Found[] = [];
  const report = (path: FieldPath, refusal: Omit<Finding, 'code'> | undefined) => {
    if (refusal !== undefined) findings.push({ code: 'storage-not-allowed', path, ...refusal });
  };
  const source = service.metadata.annotations?.[sourceAnnotation];
  if (source !== undefined) report(['metadata', 'annotations', sourceAnnotation], refuseAddress(source, prefixes));
  visit(service.spec, ['spec'], (holder, key, path) => {
    const value = holder[key];
    switch (key) {
      // Of a predictor, for its Pods.
      case sourceAnnotation:
      case 'storageUri':
        report(path, refuseAddress(value, prefixes));
        return;
      case 'uri':
        if (path.at(-3) === 'storageUris') report(path, refuseAddress(value, prefixes));
        return;
      case 'value':
        // Of a container of one's own: the webhook has its storage initializer load from there.
        if (holder['name'] === 'STORAGE_URI') report(path, refuseAddress(value, prefixes));
        return;
      case 'valueFrom':
        if (holder['name'] === 'STORAGE_URI') report(path, toUnknown(safe`what STORAGE_URI is made of`));
        return;
      case 'storage':
        // Where a logger writes to is not a place to load from.
        if (isMap(value) && path.at(-2) !== 'logger') checkStorage(holder, value, path, report);
        return;
      case 'initContainers':
        if (Array.isArray(value) && value.length > 0) report(path, toUnknown(safe`what initContainers load`));
    }
  });
  for (const { path, address, what } of findSources?.(service) ?? [])
    report(path, address === undefined ? toUnknown(what) : refuseAddress(address, prefixes));
  return findings;
}

/** Calls for every field of every map, the outer before the inner; fields that are null count as absent. */
function visit(value: unknown, path: FieldPath, call: (holder: PlainMap, key: string, path: FieldPath) => void): void {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) visit(item, [...path, i], call);
  if (!isMap(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) continue;
    call(value, key, [...path, key]);
    visit(inner, [...path, key], call);
  }
}

/** The key of a storage, an entry of the Secret storage-config, is how it is read; the rest is from where. */
function checkStorage(
  holder: PlainMap,
  storage: PlainMap,
  path: FieldPath,
  report: (path: FieldPath, refusal: Omit<Finding, 'code'>) => void,
): void {
  if (typeof holder['storageUri'] !== 'string') report(path, toUnknown(safe`what storage points to`));
  // ModelMesh takes the bucket from here, whatever the storageUri has (processInferenceServiceStorage).
  else if ((storage['path'] ?? undefined) !== undefined)
    report([...path, 'path'], toUnknown(safe`what storage.path points to`));
  else if ((storage['parameters'] ?? undefined) !== undefined)
    report([...path, 'parameters'], toUnknown(safe`where storage.parameters lead`));
}

function toUnknown(what: SafeText): Omit<Finding, 'code'> {
  return {
    message: safe`limits.storageUriPrefixes allows only what it can check, and ${what} cannot be checked`,
    hint: safe`use storageUri alone`,
  };
}

function refuseAddress(uri: unknown, prefixes: readonly (readonly string[])[]): Omit<Finding, 'code'> | undefined {
  if (typeof uri !== 'string') return toUnknown(safe`an address that is not a string`);
  const isOpen = !isPlain(uri);
  const missed = prefixes.find((list) => isOpen || !list.some((prefix) => isBelow(uri, prefix)));
  return (
    missed && {
      message: safe`${quote(uri)} is outside what limits.storageUriPrefixes allows`,
      hint: safe`use an address at or below ${join(missed.map(quote), ' or ')}${isOpen ? ', without "..", white space, backslashes or encoded characters' : ''}`,
    }
  );
}

/**
 * Whether an address is at a prefix or below it. Compared as it is written: what another reader might take
 * for the same, as with an upper-case scheme, a port or a user, is not.
 */
function isBelow(uri: string, prefix: string): boolean {
  if (prefix.endsWith('://')) return uri.startsWith(prefix);
  const end = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return uri === end || uri.startsWith(`${end}/`);
}

/**
 * Whether nothing in an address can lead back out of its beginning: readers differ in what they make of
 * `..` (also encoded, or with a tab in it, which Python and browsers drop) and of a backslash.
 */
function isPlain(uri: string): boolean {
  return (
    !/[\s\p{Cc}\\]|%(?:2e|2f|5c|25)/iu.test(uri) &&
    !uri.split(/[/?#;&=]/).some((segment) => segment === '.' || segment === '..')
  );
}
