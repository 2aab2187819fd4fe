/** Whether clients' proxies drop copies and samples of large bodies, for which clients' own requests could have to wait. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, safe } from '../../diagnostics/safe-text.ts';
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Diagnosis, ExaminedModel } from '../examination.ts';
import type { LiveObject, LiveObjects, NamespacedName } from './live-objects.ts';
import { rootNamespace, toNamedSubject, toShown } from './live-objects.ts';
import { diagnose } from './mirror-path.ts';

interface Destination {
  readonly service: NamespacedName & { readonly host: string };
  readonly models: readonly ExaminedModel[];
}

/**
 * Measured with 20 MB and Envoy 1.40: a request waits for ever for a copy beyond a stream's window (16 MiB) that nobody reads,
 * and not at all where an upstream filter buffers the copy up to a limit below.
 * @param what is sent there: copies or samples.
 * @returns nothing where EnvoyFilters of the root namespace are not known.
 */
export function examineBodyLimit(
  { service, models }: Destination,
  what: SafeText,
  cure: SafeText,
  live: LiveObjects,
): Diagnosis[] {
  if (!live.isKnown('envoyFilter', rootNamespace)) return [];
  const patches = live
    .list('envoyFilter', rootNamespace)
    .filter(({ spec }) => valueAt(spec, ['workloadSelector']) === undefined)
    .flatMap((filter) => findLimited(filter, service.host));
  const isLimited = (context: string) => patches.some((one) => one === context || one === 'ANY');
  if (isLimited('GATEWAY') && isLimited('SIDECAR_OUTBOUND')) return [];
  return [
    diagnose({ models }, 'body-limit-missing', 'warning', toNamedSubject('service', service), {
      reason: safe`no EnvoyFilter in ${mask(rootNamespace)} has all clients' proxies drop ${what} to the Service ${toShown(service)} that are too large: requests with bodies above 16 MiB wait as long as nobody reads their ${what}`,
      cure,
    }),
  ];
}

/** @returns the contexts of patches that set a buffer's limit for what is sent to the host. */
function findLimited({ spec }: LiveObject, host: string): string[] {
  return mapsAt(spec, ['configPatches']).flatMap((patch) => {
    const isForHost = textAt(patch, ['match', 'cluster', 'service']) === host;
    const options = valueAt(patch, ['patch', 'value', 'typed_extension_protocol_options']);
    const filters = mapsAt(options, ['envoy.extensions.upstreams.http.v3.HttpProtocolOptions', 'http_filters']);
    const hasBuffer = filters.some((filter) => textAt(filter, ['name']) === 'envoy.filters.http.buffer');
    return isForHost && hasBuffer ? [textAt(patch, ['match', 'context']) ?? 'ANY'] : [];
  });
}
