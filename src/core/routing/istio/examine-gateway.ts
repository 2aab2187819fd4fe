/** Whether the Gateway lets copies in: its Pods, its port, its namespaces, and no other Gateway in its place. */
import { join, mask, safe } from '../../diagnostics/safe-text.ts';
import { valueAt } from '../../input/plain-value.ts';
import type { Diagnosis, ExaminedModel } from '../examination.ts';
import type { LiveObjects } from './live-objects.ts';
import { isSubset, toKey, toNamedSubject, toShown, toSubject } from './live-objects.ts';
import type { LivePath, Server } from './mirror-path.ts';
import { diagnose, toInstallCure, toServers } from './mirror-path.ts';

export function examineGateway(path: LivePath, live: LiveObjects): Diagnosis[] {
  const { gateway, gatewayObject, server, choice, pods } = path;
  if (!live.isKnown('gateway', gateway.namespace)) return [];
  const subject = toNamedSubject('gateway', gateway);
  if (gatewayObject === undefined)
    return [
      diagnose(path, 'gateway-missing', 'error', subject, {
        reason: safe`the Gateway ${toShown(gateway)} does not exist: nothing takes the copies`,
        cure: choice.create
          ? safe`check the Application in Argo CD, which should have created it`
          : toInstallCure(path, safe`create it, or correct routing.mirrorGateway.name`),
      }),
    ];
  const selector = valueAt(gatewayObject.spec, ['selector']);
  if (pods.length > 0 && !pods.some(({ labels }) => isSubset(selector, labels)))
    return [
      diagnose(path, 'gateway-other-pods', 'error', subject, {
        reason: safe`the Gateway ${toShown(gateway)} selects none of the Pods of the Service ${toShown(path.service)}: nothing takes the copies`,
        cure: toInstallCure(path, safe`correct the Gateway's selector`),
      }),
    ];
  if (server === undefined)
    return [
      diagnose(path, 'server-missing', 'error', subject, {
        reason: safe`the Gateway ${toShown(gateway)} has no server for port ${choice.port}, to which copies are sent: all copies are lost`,
        cure: path.isOurs
          ? safe`${choice.tls === 'None' ? safe`set mirrorGateway.clearText of plugin/chart, or leave routing.mirrorGateway.tls out` : safe`upgrade the release of plugin/chart to this version`}`
          : safe`add the server, or correct routing.mirrorGateway.tls or routing.mirrorGateway.port`,
        details: { port: choice.port },
      }),
    ];
  return [...examineAdmission(path, server), ...examineConflicts(path, server, live)];
}

function examineAdmission(path: LivePath, server: Server): Diagnosis[] {
  const { gateway, models } = path;
  const isAdmitted = ({ namespace, hosts }: ExaminedModel) =>
    server.hosts.some(
      ([of, host]) => (of === '*' || of === namespace) && hosts.some((one) => one === host || isCovered(one, host)),
    );
  const refused = models.filter((model) => !isAdmitted(model));
  if (refused.length === 0) return [];
  const namespaces = [...new Set(refused.map(({ namespace }) => namespace))].sort();
  return [
    diagnose(path, 'namespace-not-admitted', 'error', toNamedSubject('gateway', gateway), {
      reason: safe`the Gateway ${toShown(gateway)} admits no VirtualServices of ${join(namespaces.map(mask), ', ')}: the copies of their models are lost`,
      cure: safe`add ${join(
        namespaces.map((namespace) => mask(`"${namespace}/*"`)),
        ', ',
      )} to the hosts of its server`,
      details: { namespaces: namespaces.join(' ') },
      models: refused,
    }),
  ];
}

function isCovered(host: string, pattern: string): boolean {
  return pattern === '*' || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}

/**
 * What istiod merges on one port of one Pod: clear text of HTTP, or TLS for different hosts. It skips everything else,
 * which only its log shows (`mergeGateways` in pilot/pkg/model/gateway.go; executed: 0 of 1,000 copies).
 */
function examineConflicts(path: LivePath, server: Server, live: LiveObjects): Diagnosis[] {
  const { gateway, gatewayObject, servicePort, targetPort, pods, choice } = path;
  return live.list('gateway').flatMap((other) => {
    if (other === gatewayObject || toKey(other) === toKey(gateway)) return [];
    if (!pods.some(({ labels }) => isSubset(valueAt(other.spec, ['selector']), labels))) return [];
    const clash = toServers(other, servicePort, targetPort).find(
      (one) =>
        one.port === targetPort &&
        (one.tls !== 'none' || server.tls !== 'none') &&
        (one.tls === 'none' || server.tls === 'none' || shareHost(one, server)),
    );
    if (clash === undefined) return [];
    return [
      diagnose(path, 'gateway-conflict', 'error', toSubject(other), {
        reason: safe`the Gateways ${toShown(gateway)} and ${toShown(other)} both serve port ${choice.port} of the same Pods, and at least one uses TLS: Istio serves only one of them, and the copies of the other are lost`,
        cure: safe`remove ${toShown(other)}, and bind its VirtualServices to ${toShown(gateway)}`,
        details: { gateway: toKey(gateway), other: toKey(other), port: choice.port },
      }),
    ];
  });
}

function shareHost(a: Server, b: Server): boolean {
  return a.hosts.some(([, host]) => b.hosts.some(([, other]) => host === other));
}
