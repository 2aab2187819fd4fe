/** What an Envoy really does with calls, out of its own configuration dump. */
import type { Envoy } from './envoy.ts';

/** How calls to a host go. */
export interface Route {
  /** The value of mm-vmodel-id that is set; in Standard mode the version whose Service it is. */
  readonly to: string;
  /** Absent: nothing is mirrored. In per cent. */
  readonly mirrored?: number;
  /** Envoy's cluster that gets the copies, as `outbound|8033||HOST`. */
  readonly mirrorTo?: string;
  /** Of all copies and samples, as `mirrorTo`. */
  readonly copiesTo: readonly string[];
  /** When Envoy took this configuration, in milliseconds since 1970. */
  readonly since: number;
}

interface RouteDump {
  readonly configs?: readonly {
    readonly route_config?: RouteConfig;
    readonly last_updated?: string;
  }[];
}

interface RouteConfig {
  readonly virtual_hosts?: readonly { readonly domains: readonly string[]; readonly routes?: readonly RouteEntry[] }[];
}

interface RouteEntry {
  readonly request_headers_to_add?: readonly { readonly header: { readonly key: string; readonly value: string } }[];
  readonly route?: {
    readonly cluster?: string;
    readonly request_mirror_policies?: readonly {
      readonly cluster?: string;
      readonly runtime_fraction?: {
        readonly default_value: { readonly numerator?: number; readonly denominator?: keyof typeof denominators };
      };
    }[];
  };
}

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 };

/** Undefined: it has no route for that host. */
export async function findRoute(envoy: Envoy, host: string): Promise<Route | undefined> {
  const dump = (await envoy.ask('/config_dump?resource=dynamic_route_configs')) as RouteDump;
  for (const { route_config, last_updated } of dump.configs ?? [])
    for (const { domains, routes = [] } of route_config?.virtual_hosts ?? []) {
      const [route] = routes;
      if (domains.includes(host) && route !== undefined) return toRoute(route, Date.parse(last_updated ?? ''));
    }
  return undefined;
}

function toRoute({ request_headers_to_add, route }: RouteEntry, since: number): Route {
  const named = request_headers_to_add?.find(({ header }) => header.key === 'mm-vmodel-id')?.header.value;
  const to = named ?? /^outbound\|\d+\|(?:copies)?\|(.+)-backend\./.exec(route?.cluster ?? '')?.[1] ?? '';
  const policies = route?.request_mirror_policies ?? [];
  const copiesTo = policies.flatMap(({ cluster }) => cluster ?? []);
  const [policy] = policies;
  if (policy === undefined) return { to, since, copiesTo };
  const { numerator = 0, denominator = 'HUNDRED' } = policy.runtime_fraction?.default_value ?? { numerator: 100 };
  return {
    to,
    since,
    copiesTo,
    mirrored: (numerator * 100) / denominators[denominator],
    mirrorTo: policy.cluster ?? '',
  };
}
