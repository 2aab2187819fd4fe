/** Whether the mirror gateway's Service leads to Pods that can take copies. */
import { mask, safe } from '../../diagnostics/safe-text.ts';
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Diagnosis } from '../examination.ts';
import type { LiveObjects, Pod } from './live-objects.ts';
import { isSubset, numberAt, toNamedSubject, toShown, toSubject } from './live-objects.ts';
import type { LivePath, MirrorPath } from './mirror-path.ts';
import { diagnose, findServicePods, toInstallCure, toLivePath } from './mirror-path.ts';

/** @returns the path, if there is enough of it to examine further. */
export function examineService(
  path: MirrorPath,
  live: LiveObjects,
): { readonly live: LivePath | undefined; readonly diagnoses: Diagnosis[] } {
  const { service, choice } = path;
  if (service === undefined)
    return {
      live: undefined,
      diagnoses: [
        diagnose(path, 'external-service', 'note', toNamedSubject('service', { namespace: '', name: choice.service }), {
          reason: safe`copies are sent to ${mask(choice.service)}, which is not a Service of this cluster, so it is not examined`,
          cure: safe`run this for the cluster that it is in`,
          details: { host: choice.service },
        }),
      ],
    };
  if (!live.isKnown('service', service.namespace)) return { live: undefined, diagnoses: [] };
  const subject = toNamedSubject('service', service);
  const object = live.find('service', service);
  if (object === undefined)
    return {
      live: undefined,
      diagnoses: [
        diagnose(path, 'service-missing', 'error', subject, {
          reason: safe`the Service ${toShown(service)}, to which copies are sent, does not exist: all copies are lost`,
          cure: path.isOurs
            ? safe`install the mirror gateway of plugin/chart`
            : safe`create it, or correct routing.mirrorGateway.service`,
        }),
      ],
    };
  // Istio completes a name without a dot, and takes every other for a whole one (ResolveShortnameToFQDN).
  if (choice.service.includes('.') && choice.service !== service.host)
    return {
      live: undefined,
      diagnoses: [
        diagnose(path, 'service-missing', 'error', subject, {
          reason: safe`copies are sent to ${mask(choice.service)}, and Istio knows the Service as ${mask(service.host)} only: all copies are lost`,
          cure: safe`set routing.mirrorGateway.service to ${mask(service.host)}`,
          details: { host: choice.service },
        }),
      ],
    };
  const pods = findServicePods(object, live);
  const podDiagnoses = live.isKnown('pod', service.namespace) ? examinePods(path, pods) : [];
  const servicePort = mapsAt(object.spec, ['ports']).find((port) => numberAt(port, ['port']) === choice.port);
  if (servicePort === undefined)
    return {
      live: undefined,
      diagnoses: [
        ...podDiagnoses,
        diagnose(path, 'port-missing', 'error', subject, {
          reason: safe`the Service ${toShown(service)} has no port ${choice.port}, to which copies are sent: all copies are lost`,
          cure: toInstallCure(
            path,
            safe`add the port to the Service, or correct routing.mirrorGateway.tls or routing.mirrorGateway.port`,
          ),
          details: { port: choice.port },
        }),
      ],
    };
  const found = toLivePath(path, servicePort, pods, live);
  return { live: found, diagnoses: [...podDiagnoses, ...examineProtocol(found), ...examinePublicPods(found, live)] };
}

function examinePods(path: MirrorPath, pods: readonly Pod[]): Diagnosis[] {
  const { service } = path;
  if (service === undefined) return [];
  const subject = toNamedSubject('service', service);
  const ready = pods.filter(({ isReady }) => isReady).length;
  if (pods.length === 0)
    return [
      diagnose(path, 'no-pods', 'error', subject, {
        reason: safe`the Service ${toShown(service)} selects no Pod: all copies are lost`,
        cure: toInstallCure(path, safe`correct its selector, or start the gateway's Pods`),
      }),
    ];
  if (ready === 0)
    return [
      diagnose(path, 'no-ready-pod', 'error', subject, {
        reason: safe`none of the ${pods.length} Pods of the Service ${toShown(service)} is ready: all copies are lost`,
        cure: safe`check them with ${mask(`\`kubectl describe pods -n ${service.namespace}\``)}`,
        details: { pods: pods.length },
      }),
    ];
  return ready > 1
    ? []
    : [
        diagnose(path, 'single-pod', 'warning', subject, {
          reason: safe`only one Pod of the Service ${toShown(service)} is ready: copies are lost while it restarts`,
          cure: safe`run two or more`,
          details: { pods: pods.length, ready },
        }),
      ];
}

/** Above HTTP/1.1, a mirror gateway that hangs takes clients' requests with it (measured: 78 of 78 at 5 MB and more). */
function examineProtocol(path: LivePath): Diagnosis[] {
  const { service, servicePort, choice, clients } = path;
  const name = textAt(servicePort, ['name']) ?? '';
  const appProtocol = textAt(servicePort, ['appProtocol']);
  const harmed = clients.find(({ policy }) => {
    const http = valueAt(policy, ['connectionPool', 'http']);
    if (valueAt(http, ['useClientProtocol']) === true) return true;
    return valueAt(http, ['h2UpgradePolicy']) !== 'UPGRADE' && !isHttp2(name, appProtocol);
  });
  if (harmed === undefined) return [];
  const shown =
    appProtocol === undefined ? safe`name is ${mask(name || 'empty')}` : safe`appProtocol is ${mask(appProtocol)}`;
  return [
    diagnose(path, 'port-protocol', 'error', toNamedSubject('service', service), {
      reason: safe`copies are not sent over HTTP/2 to port ${choice.port} of the Service ${toShown(service)} (its ${shown}): if the mirror gateway hangs, clients' requests with large bodies hang too`,
      cure: toInstallCure(
        path,
        safe`set appProtocol: kubernetes.io/h2c for the port, or h2UpgradePolicy: UPGRADE in the DestinationRule of the Service`,
      ),
      details: { port: choice.port, name, ...(appProtocol === undefined ? {} : { appProtocol }) },
    }),
  ];
}

/** `ConvertProtocol` in istiod's pkg/config/kube/conversion.go: an appProtocol counts, otherwise the name's first part. */
function isHttp2(name: string, appProtocol: string | undefined): boolean {
  const written = (appProtocol ?? name).toLowerCase();
  return written === 'kubernetes.io/h2c' || ['http2', 'grpc'].includes(written.split('-')[0] ?? '');
}

/** A gateway that mirrors to itself mirrors its own copies again. */
function examinePublicPods(path: LivePath, live: LiveObjects): Diagnosis[] {
  const { pods, models } = path;
  const isPublic = (pod: Pod) =>
    models.some(({ policy, namespace }) => {
      const { gateway } = policy;
      const [of, name = ''] = gateway.name.includes('/') ? gateway.name.split('/') : [namespace, gateway.name];
      const object = live.find('gateway', { namespace: of ?? '', name });
      const selector = valueAt(object?.spec, ['selector']) ?? gateway.selector;
      return isSubset(gateway.selector, pod.labels) || isSubset(selector, pod.labels);
    });
  const pod = pods.find(isPublic);
  if (pod === undefined) return [];
  return [
    diagnose(path, 'public-gateway-pods', 'error', toSubject(pod), {
      reason: safe`the Pod ${toShown(pod)} serves both clients' requests and copies: copies are mirrored again, endlessly`,
      cure: safe`give copies a gateway of their own, as the one of plugin/chart is`,
    }),
  ];
}
