/** The Gateways of both hops: their defaults, and which choices of them would mirror copies again or let none in. */

import type { Finding, Problem } from '../../diagnostics/problem.ts';
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { join, mask, safe } from '../../diagnostics/safe-text.ts';
import { toProblem } from '../../input/parse-document.ts';
import type { GatewayChoice, Gateways, RoutedModel, RoutingPolicy } from '../router.ts';

type Selector = GatewayChoice['selector'];

export function toDefaults(clusterDomain: string): Gateways {
  const shared = { create: true, namespaces: [], port: 80 };
  return {
    gateway: { ...shared, name: 'mm-gateway', selector: { istio: 'ingressgateway' } },
    mirrorGateway: {
      ...shared,
      name: 'mm-mirror-gateway',
      selector: { istio: 'egressgateway' },
      service: `istio-egressgateway.istio-system.svc.${clusterDomain}`,
    },
  };
}

/**
 * A gateway that mirrors to itself matches its own copy again and mirrors that too: one request
 * became 2,523 in a second on Istio 1.31. So the two gateways must not share their pods.
 */
export function checkGateways(policy: RoutingPolicy): Problem[] {
  const { gateway, mirrorGateway, origins } = policy;
  const problems: Problem[] = [];
  const reportAt = (fields: readonly string[], finding: Finding) => {
    const origin = fields.map((field) => origins.get(field)).find((found) => found !== undefined);
    if (origin !== undefined) problems.push(toProblem(origin.source, origin.path, finding, { on: 'value' }));
  };
  const report = (fields: readonly string[], finding: Omit<Finding, 'code'>) =>
    reportAt(fields, { code: 'mirror-loop', ...finding });
  for (const [field, { name, create }] of Object.entries({ gateway, mirrorGateway }))
    if (create && name.includes('/'))
      reportAt([`routing.${field}.name`], {
        code: 'invalid-value',
        message: safe`a Gateway is rendered into the model's own namespace, which may not be that of ${mask(name)}`,
        hint: safe`write the name alone, or set create: false for a Gateway that is managed elsewhere`,
      });
  if (overlaps(gateway.selector, mirrorGateway.selector))
    report(['routing.mirrorGateway.selector', 'routing.gateway.selector'], {
      message: safe`the mirror gateway's selector picks the public gateway's pods (${toSelectorText(gateway.selector)}): mirrored requests would be mirrored again, endlessly`,
      hint: safe`select pods of a gateway of its own for mirrored requests, as istio: egressgateway does`,
    });
  const service = mirrorGateway.service.split('.')[0] ?? '';
  // By Istio's own convention the Service of the pods `istio: x` is `x` or `istio-x`.
  if (Object.values(gateway.selector).some((value) => toGatewayName(value) === toGatewayName(service)))
    report(['routing.mirrorGateway.service', 'routing.gateway.selector'], {
      message: safe`mirrored requests would go to ${mask(mirrorGateway.service)}, the public gateway's own Service, and be mirrored again, endlessly`,
      hint: safe`name the Service of a separate gateway, such as istio-egressgateway.istio-system.svc.${mask(policy.clusterDomain)}`,
    });
  return problems;
}

/**
 * Whether there may be pods that both pick: the selectors contradict each other nowhere, and one is
 * part of the other or they name the same gateway by two labels, as Istio's own pods carry
 * `istio: ingressgateway` and `app: istio-ingressgateway`.
 */
function overlaps(a: Selector, b: Selector): boolean {
  const shared = Object.keys(a).filter((key) => Object.hasOwn(b, key));
  if (shared.some((key) => a[key] !== b[key])) return false;
  if (shared.length === Object.keys(a).length || shared.length === Object.keys(b).length) return true;
  const names = new Set(Object.values(a).map(toGatewayName));
  return Object.values(b).some((value) => names.has(toGatewayName(value)));
}

function toGatewayName(value: string): string {
  return value.replace(/^istio-/, '');
}

function toSelectorText(selector: Selector): SafeText {
  return join(
    Object.keys(selector)
      .toSorted()
      .map((key) => safe`${mask(key)}=${mask(selector[key] ?? '')}`),
    ', ',
  );
}

/**
 * Models that use a Gateway of another namespace: whether it admits them, where it is rendered here too.
 *
 * @param rollouts those whose namespace is known.
 */
export function checkSharedGateways(rollouts: readonly RoutedModel[]): Problem[] {
  const fields = ['gateway', 'mirrorGateway'] as const;
  const admitted = new Map<string, readonly string[]>(
    rollouts.flatMap(({ namespace, policy }) =>
      fields.flatMap((field) => {
        const { name, create, namespaces } = policy[field];
        return create ? [[`${namespace}/${name}`, namespaces] as const] : [];
      }),
    ),
  );
  return rollouts.flatMap(({ namespace, policy }) =>
    fields.flatMap((field) => {
      const { name } = policy[field];
      const namespaces = admitted.get(name);
      const origin = policy.origins.get(`routing.${field}.name`);
      if (namespaces === undefined || origin === undefined || name.startsWith(`${namespace}/`)) return [];
      if (namespaces.includes('*') || namespaces.includes(namespace)) return [];
      return [
        toProblem(
          origin.source,
          origin.path,
          {
            code: 'gateway-closed',
            message: safe`the Gateway ${mask(name)} admits no VirtualService of the namespace ${mask(namespace)}, so no request would arrive`,
            hint: safe`add ${mask(namespace)} to routing.${field}.namespaces in the policy of the models that render it`,
          },
          { on: 'value' },
        ),
      ];
    }),
  );
}
