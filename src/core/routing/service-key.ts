/**
 * Equal for all hosts that may name one Service: `x`, `x.ns`, `x.ns.svc` and `x.ns.svc.<domain>`, whatever
 * the domain. A policy may give another than the cluster's, and a mirror that loops is worse than a host
 * that is refused.
 */
export function toServiceKey(host: string, namespace: string): string {
  const [service, of = namespace, svc = 'svc'] = host.split('.');
  return svc === 'svc' ? `${service}.${of}.svc` : host;
}

/**
 * A host that may name a Service → in full: Istio takes every name with a dot for a whole one
 * (`ResolveShortnameToFQDN`), so requests to `x.ns` or `x.ns.svc` would go nowhere.
 */
export function toFullHost(host: string, namespace: string, clusterDomain: string): string {
  const [service, of = namespace, svc = 'svc', ...domain] = host.split('.');
  return svc === 'svc' && domain.length === 0 ? `${service}.${of}.svc.${clusterDomain}` : host;
}
