/** Guards against mirrors that lead back to a primary, and hosts that lead to what another model is served by. */

import type { Finding, Problem } from '../../diagnostics/problem.ts';
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { mask, safe } from '../../diagnostics/safe-text.ts';
import { toProblem } from '../../input/parse-document.ts';
import type { FieldOrigin } from '../../input/source-file.ts';
import type { RoutedModel, RoutingPolicy } from '../router.ts';
import { toServiceKey } from '../service-key.ts';

const compareElsewhere = safe`set analysis.comparer.service to the Service of the comparer, as plugin/chart installs it`;

/** A mirrored request must not return to where it was mirrored, nor reach the primary again. */
export function checkRoutes({ file, name, namespace, policy, hosts, serviceHosts }: RoutedModel): Problem[] {
  const problems: Problem[] = [];
  const report = (fields: readonly string[], finding: Finding) => {
    const origin = fields.map((field) => policy.origins.get(field)).find((found) => found !== undefined);
    problems.push(
      toProblem(origin?.source ?? file.source, origin?.path ?? ['metadata', 'name'], finding, { on: 'value' }),
    );
  };
  const { gateway, mirrorGateway } = policy;
  const full = (reference: string) =>
    reference.includes('/') ? mask(reference) : safe`${mask(namespace)}/${mask(reference)}`;
  if (full(gateway.name) === full(mirrorGateway.name))
    report(['routing.mirrorGateway.name', 'routing.gateway.name'], {
      code: 'mirror-loop',
      message: safe`the mirror gateway and the public gateway are both ${full(gateway.name)}: mirrored requests would be mirrored again, endlessly`,
      hint: safe`give each a name of its own`,
    });
  const known = (host: string) => toServiceKey(host, namespace);
  if ([...serviceHosts, ...hosts].some((host) => known(host) === known(mirrorGateway.service)))
    report(['routing.mirrorGateway.service', 'routing.service.host', 'routing.hosts'], {
      code: 'mirror-loop',
      message: safe`mirrored requests of ${mask(name)} would go to ${mask(mirrorGateway.service)}, which leads back to the primary`,
      hint: safe`set routing.mirrorGateway.service to the Service of a gateway of its own for mirrored requests`,
    });
  const comparer = policy.comparer?.service;
  if (comparer !== undefined && [...serviceHosts, ...hosts].some((host) => known(host) === known(comparer)))
    report(['analysis.comparer.service', 'routing.service.host', 'routing.hosts'], {
      code: 'mirror-loop',
      message: safe`the samples of ${mask(name)} would go to ${mask(comparer)}, which leads back to the primary`,
      hint: compareElsewhere,
    });
  if (comparer !== undefined && known(comparer) === known(mirrorGateway.service))
    report(['analysis.comparer.service', 'routing.mirrorGateway.service'], {
      code: 'mirror-loop',
      message: safe`the samples of ${mask(name)} would go to ${mask(comparer)}, the mirror gateway, and so to the candidate alone`,
      hint: compareElsewhere,
    });
  const own = serviceHosts.find((service) => hosts.some((host) => known(host) === known(service)));
  if (own !== undefined) {
    const isAdded = policy.hosts.some((host) => known(host) === known(own));
    report([isAdded ? 'routing.hosts' : 'routing.service.host'], {
      code: 'duplicate-host',
      message: toServiceClash(own),
      hint: isAdded
        ? safe`remove it from routing.hosts`
        : policy.origins.has('routing.service.host')
          ? safe`set routing.service.host to the Service of the serving runtime, which is not the model's own host`
          : safe`give the model another name`,
    });
  }
  return problems;
}

/**
 * Hosts of one model that lead to another: copies would be answered by the other's primary, and a host that is
 * the Service of another namespace would receive all its calls. The same for a Gateway that is public for one
 * model and receives the copies of another: there, calls of the latter would reach its candidate.
 *
 * @param rollouts those whose namespace is known.
 */
export function checkForeignHosts(rollouts: readonly RoutedModel[]): Problem[] {
  const byHost = new Map<string, RoutedModel>();
  const byOwnHost = new Map<string, RoutedModel>();
  const byService = new Map<string, RoutedModel>();
  for (const rollout of rollouts) {
    byOwnHost.set(toServiceKey(`${rollout.name}.${rollout.namespace}`, rollout.namespace), rollout);
    for (const host of rollout.hosts) byHost.set(toServiceKey(host, rollout.namespace), rollout);
    for (const host of rollout.serviceHosts) byService.set(toServiceKey(host, rollout.namespace), rollout);
  }
  const toName = (name: string, { namespace }: RoutedModel) => (name.includes('/') ? name : `${namespace}/${name}`);
  const byGateway = new Map(rollouts.map((rollout) => [toName(rollout.policy.gateway.name, rollout), rollout]));
  const reported = new Map<RoutingPolicy, Set<string>>();
  return rollouts.flatMap((rollout) => {
    const { namespace, hosts, serviceHosts, policy } = rollout;
    const toKey = (host: string) => toServiceKey(host, namespace);
    // `checkRoutes` reports its own hosts and its own Services.
    const services = new Set(serviceHosts.map(toKey));
    const own = new Set([...services, ...hosts.map(toKey)]);
    const problems: Problem[] = [];
    const report = (field: string, host: string, finding: Finding, otherwise?: FieldOrigin) => {
      const origin = policy.origins.get(field) ?? otherwise;
      const known = reported.get(policy) ?? new Set();
      if (origin === undefined || known.has(host)) return;
      reported.set(policy, known.add(host));
      problems.push(toProblem(origin.source, origin.path, finding, { on: 'value' }));
    };
    const { service } = policy.mirrorGateway;
    const target = byHost.get(toKey(service)) ?? byService.get(toKey(service));
    if (target !== undefined && !own.has(toKey(service)))
      report(
        'routing.mirrorGateway.service',
        service,
        {
          code: 'mirror-loop',
          message: safe`mirrored requests of ${mask(rollout.name)} would go to ${mask(service)}, which leads to the model ${mask(target.name)}`,
          hint: safe`set routing.mirrorGateway.service to the Service of a gateway of its own for mirrored requests`,
        },
        toOrigin(target),
      );
    const comparer = policy.comparer?.service;
    const sampled =
      comparer === undefined || own.has(toKey(comparer))
        ? undefined
        : (byHost.get(toKey(comparer)) ?? byService.get(toKey(comparer)));
    if (comparer !== undefined && sampled !== undefined)
      report(
        'analysis.comparer.service',
        comparer,
        {
          code: 'mirror-loop',
          message: safe`the samples of ${mask(rollout.name)} would go to ${mask(comparer)}, which leads to the model ${mask(sampled.name)}`,
          hint: compareElsewhere,
        },
        toOrigin(sampled),
      );
    const gateway = toName(policy.mirrorGateway.name, rollout);
    const open = byGateway.get(gateway);
    // `checkRoutes` reports its own gateways.
    if (open !== undefined && gateway !== toName(policy.gateway.name, rollout))
      report(
        'routing.mirrorGateway.name',
        gateway,
        {
          code: 'mirror-loop',
          message: safe`the mirror gateway of ${mask(rollout.name)}, ${mask(gateway)}, is the public gateway of ${mask(open.name)}: who calls ${mask(rollout.name)} there would get its candidate`,
          hint: safe`give mirrored requests a Gateway of their own`,
        },
        open.policy.origins.get('routing.gateway.name'),
      );
    for (const host of policy.hosts)
      if (byService.has(toKey(host)) && !services.has(toKey(host)))
        report('routing.hosts', host, {
          code: 'duplicate-host',
          message: toServiceClash(host),
          hint: safe`remove it from routing.hosts`,
        });
    // Its DestinationRule limits what goes to its host, and that would be requests to the primary of this one.
    for (const serviceHost of serviceHosts) {
      const limited = byOwnHost.get(toKey(serviceHost));
      if (limited === undefined || limited === rollout) continue;
      report(
        'routing.service.host',
        serviceHost,
        {
          code: 'duplicate-host',
          message: safe`${mask(serviceHost)} is the Service that serves ${mask(rollout.name)} and the host of the model ${mask(limited.name)}: what limits copies of ${mask(limited.name)} would hold for requests to ${mask(rollout.name)}`,
          hint: safe`rename the model ${mask(limited.name)}, or name the Service of the serving runtime`,
        },
        toOrigin(limited),
      );
    }
    return problems;
  });
}

function toServiceClash(host: string): SafeText {
  return safe`${mask(host)} is the Service by which versions are served, so it cannot be the host of a model`;
}

/** What decides the hosts of a model, where a default meets them. */
function toOrigin({ file, policy }: RoutedModel): FieldOrigin {
  return policy.origins.get('routing.hosts') ?? { source: file.source, path: ['metadata', 'name'] };
}
