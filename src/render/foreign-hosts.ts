/**
 * Hosts of one model that lead to another: where copies go, they would be answered by the other's primary;
 * and a host that is the Service of another namespace's ModelMesh would take all its calls.
 */
import { toProblem } from '../input/parse-document.ts';
import type { Finding, Problem } from '../input/problem.ts';
import { mask, safe } from '../input/safe-text.ts';
import type { EffectivePolicy } from '../rollout/effective-policy.ts';
import type { Rollout } from '../rollout/rollout.ts';
import { toServiceKey } from '../rollout/rollout.ts';

/** @param rollouts those whose namespace is known. */
export function checkForeignHosts(rollouts: readonly Rollout[]): Problem[] {
  const byHost = new Map<string, Rollout>();
  const byService = new Map<string, Rollout>();
  for (const rollout of rollouts) {
    for (const host of rollout.hosts) byHost.set(toServiceKey(host, rollout.namespace), rollout);
    byService.set(toServiceKey(rollout.serviceHost, rollout.namespace), rollout);
  }
  const reported = new Map<EffectivePolicy, Set<string>>();
  return rollouts.flatMap((rollout) => {
    const { namespace, hosts, serviceHost, policy } = rollout;
    const toKey = (host: string) => toServiceKey(host, namespace);
    // Of its own hosts and its own ModelMesh, the rollout's own checks have said it.
    const own = new Set([serviceHost, ...hosts].map(toKey));
    const problems: Problem[] = [];
    const report = (field: string, host: string, finding: Finding) => {
      const origin = policy.origins.get(field);
      const known = reported.get(policy) ?? new Set();
      if (origin === undefined || known.has(host)) return;
      reported.set(policy, known.add(host));
      problems.push(toProblem(origin.source, origin.path, finding, { on: 'value' }));
    };
    const { service } = policy.mirrorGateway;
    const target = byHost.get(toKey(service)) ?? byService.get(toKey(service));
    if (target !== undefined && !own.has(toKey(service)))
      report('routing.mirrorGateway.service', service, {
        code: 'mirror-loop',
        message: safe`mirrored requests of ${mask(rollout.name)} would go to ${mask(service)}, which leads to the model ${mask(target.name)}`,
        hint: safe`set routing.mirrorGateway.service to the Service of a gateway of its own for mirrored requests`,
      });
    for (const host of policy.hosts)
      if (byService.has(toKey(host)) && toKey(host) !== toKey(serviceHost))
        report('routing.hosts', host, {
          code: 'duplicate-host',
          message: safe`${mask(host)} is ModelMesh's own Service, which every model of its namespace shares`,
          hint: safe`take it out of routing.hosts`,
        });
    return problems;
  });
}
