/** The Gateways of both hops: their defaults, and which choices of them would mirror copies again or let none in. */

import type { Finding, Problem } from '../../diagnostics/problem.ts';
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { join, mask, safe } from '../../diagnostics/safe-text.ts';
import { toProblem } from '../../input/parse-document.ts';
import type { GatewayChoice, Gateways, MirrorGatewayChoice, RoutedModel, RoutingPolicy } from '../router.ts';
import { toServiceKey } from '../service-key.ts';

type Selector = GatewayChoice['selector'];

/** The Gateway and the Service, without the cluster's domain, that `plugin/chart` installs. */
const ours = { name: 'model-mirror/model-mirror-gateway', service: 'model-mirror-gateway.model-mirror.svc' } as const;

/**
 * The mirror gateway that `plugin/chart` installs; and what model-mirror 0.1.0 had as its default
 * where a policy names another one, so that such a policy keeps its meaning. A folder whose outer policy names another
 * one names ours by its Service or its Gateway: with half of the other's fields, its copies would be lost.
 */
export function toDefaults(
  clusterDomain: string,
  { name, create, selector, service, port, tls }: Partial<MirrorGatewayChoice>,
): Gateways {
  const isOther =
    service === undefined
      ? name !== ours.name && [name, create, selector, port].some((value) => value !== undefined)
      : toServiceKey(service, '') !== ours.service;
  const mirrorGateway = isOther
    ? ({
        name: 'mm-mirror-gateway',
        create: true,
        selector: { istio: 'egressgateway' },
        service: `istio-egressgateway.istio-system.svc.${clusterDomain}`,
        tls: 'None',
      } as const)
    : ({
        name: ours.name,
        create: false,
        selector: { istio: 'model-mirror-gateway' },
        service: `${ours.service}.${clusterDomain}`,
        tls: 'IstioMutual',
      } as const);
  return {
    gateway: { name: 'mm-gateway', create: true, namespaces: [], selector: { istio: 'ingressgateway' }, port: 80 },
    mirrorGateway: { ...mirrorGateway, namespaces: [], port: (tls ?? mirrorGateway.tls) === 'None' ? 80 : 443 },
  };
}

/**
 * A gateway that mirrors to itself matches its own copy again and mirrors that too: one request
 * became 2,523 in a second on Istio 1.31. So the two gateways must not share their pods.
 */
export function checkGateways(policy: RoutingPolicy): Problem[] {
  const { gateway, mirrorGateway, comparer, origins } = policy;
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
  if (mirrorGateway.create && mirrorGateway.tls !== 'None')
    reportAt(['routing.mirrorGateway.tls', 'routing.mirrorGateway.create'], {
      code: 'invalid-value',
      message: safe`a Gateway with TLS is rendered into each namespace, and Istio serves only one of them: the copies of all others would be lost`,
      hint: safe`set create: false and name one Gateway for all, as plugin/chart does, or set tls: None`,
    });
  if (overlaps(gateway.selector, mirrorGateway.selector))
    report(['routing.mirrorGateway.selector', 'routing.gateway.selector'], {
      message: safe`the mirror gateway's selector picks the public gateway's pods (${toSelectorText(gateway.selector)}): mirrored requests would be mirrored again, endlessly`,
      hint: safe`select pods of a gateway of its own for mirrored requests, as istio: model-mirror-gateway does`,
    });
  // By Istio's own convention the Service of the pods `istio: x` is `x` or `istio-x`.
  const isPublic = (host: string) =>
    Object.values(gateway.selector).some((value) => toGatewayName(value) === toGatewayName(host.split('.')[0] ?? ''));
  if (comparer !== undefined && isPublic(comparer.service))
    report(['analysis.comparer.service', 'routing.gateway.selector', 'analysis'], {
      message: safe`samples would go to ${mask(comparer.service)}, the public gateway's own Service, and be sampled again, endlessly`,
      hint: safe`name the Service of the comparer, such as model-mirror-comparer.model-mirror.svc.${mask(policy.clusterDomain)}`,
    });
  if (isPublic(mirrorGateway.service))
    report(['routing.mirrorGateway.service', 'routing.gateway.selector'], {
      message: safe`mirrored requests would go to ${mask(mirrorGateway.service)}, the public gateway's own Service, and be mirrored again, endlessly`,
      hint: safe`name the Service of a separate gateway, such as model-mirror-gateway.model-mirror.svc.${mask(policy.clusterDomain)}`,
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

/** A rendered Gateway of the installed one's name and namespace would replace it, and lose the copies of all models. */
export function checkInstalledGateway({ namespace, policy }: RoutedModel): Problem[] {
  return (['gateway', 'mirrorGateway'] as const).flatMap((field) => {
    const { name, create } = policy[field];
    const origin = policy.origins.get(`routing.${field}.name`);
    if (!create || origin === undefined || `${namespace}/${name}` !== ours.name) return [];
    return [
      toProblem(
        origin.source,
        origin.path,
        {
          code: 'invalid-value',
          message: safe`the Gateway would replace ${mask(ours.name)}, which plugin/chart installs: the copies that go through it would be lost`,
          hint: safe`choose another name`,
        },
        { on: 'value' },
      ),
    ];
  });
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
