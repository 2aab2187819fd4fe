/**
 * Which DestinationRule holds for a client of a Service, and what of it for one port: `destinationRule` in istiod's
 * pilot/pkg/model/push_context.go and `GetPortLevelTrafficPolicy` in pilot/pkg/networking/util/util.go.
 */
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { LiveObject } from './live-objects.ts';
import { numberAt, rootNamespace, textsAt } from './live-objects.ts';

export interface ServiceHost {
  readonly namespace: string;
  /** Fully qualified. */
  readonly host: string;
}

/** The one that decides how clients of a namespace connect. @param rules the oldest first. */
export function findRule(
  rules: readonly LiveObject[],
  clientNamespace: string,
  { namespace, host }: ServiceHost,
): LiveObject | undefined {
  const pick = (of: string, isVisible: (rule: LiveObject) => boolean) =>
    pickMostSpecific(
      rules.filter((rule) => rule.namespace === of && isVisible(rule)),
      host,
    );
  // In the root namespace a rule for all hosts would otherwise win over that of the Service.
  const own = clientNamespace === rootNamespace ? undefined : pick(clientNamespace, () => true);
  const isExported = (rule: LiveObject) => isExportedTo(rule, clientNamespace);
  return own ?? pick(namespace, isExported) ?? pick(rootNamespace, isExported);
}

/** Whether a rule is about a host; rules for some clients only, by a workloadSelector, are left out. */
export function isForHost(rule: LiveObject, host: string): boolean {
  return rankMatch(rule, host) > 0;
}

export function isWildcard(rule: LiveObject): boolean {
  return (textAt(rule.spec, ['host']) ?? '').startsWith('*');
}

/** What a rule sets for a port of the Service: settings of the port replace all others. */
export function toPortPolicy(rule: LiveObject | undefined, port: number): unknown {
  const policy = valueAt(rule?.spec, ['trafficPolicy']);
  const ofPort = mapsAt(policy, ['portLevelSettings']).find((one) => numberAt(one, ['port', 'number']) === port);
  return ofPort ?? policy;
}

/** Of several rules for a host in a namespace, the oldest with a trafficPolicy sets it. */
function pickMostSpecific(rules: readonly LiveObject[], host: string): LiveObject | undefined {
  const best = Math.max(0, ...rules.map((rule) => rankMatch(rule, host)));
  if (best === 0) return undefined;
  const matching = rules.filter((rule) => rankMatch(rule, host) === best);
  return matching.find(({ spec }) => valueAt(spec, ['trafficPolicy']) !== undefined) ?? matching[0];
}

/** 0: it does not match; otherwise the higher, the more specific. */
function rankMatch({ namespace, spec }: LiveObject, host: string): number {
  if (valueAt(spec, ['workloadSelector']) !== undefined) return 0;
  const written = textAt(spec, ['host']) ?? '';
  if (written.startsWith('*')) return host.endsWith(written.slice(1)) ? written.length : 0;
  // A short name is of the rule's own namespace.
  const isHost = written.includes('.') ? written === host : host.startsWith(`${written}.${namespace}.`);
  return isHost ? Number.MAX_SAFE_INTEGER : 0;
}

function isExportedTo({ namespace, spec }: LiveObject, client: string): boolean {
  const exported = textsAt(spec, ['exportTo']);
  return (
    exported.length === 0 ||
    exported.includes('*') ||
    exported.includes(client) ||
    (exported.includes('.') && namespace === client)
  );
}
