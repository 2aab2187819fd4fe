/** Whether samples get to the comparer, and whether clients are safe from a comparer that hangs. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { safe } from '../../diagnostics/safe-text.ts';
import { mapsAt, textAt } from '../../input/plain-value.ts';
import type { Diagnosis, DiagnosisCode, ExaminedModel, Subject } from '../examination.ts';
import { toFullHost } from '../service-key.ts';
import { findRule, toPortPolicy } from './destination-rules.ts';
import { examineBodyLimit } from './examine-body-limit.ts';
import { toLimit } from './examine-connection.ts';
import type { LiveObjects } from './live-objects.ts';
import { numberAt, rootNamespace, toNamedSubject, toShown, toSubject } from './live-objects.ts';
import { diagnose } from './mirror-path.ts';

interface ComparerPath {
  readonly namespace: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly models: readonly ExaminedModel[];
}

/** Each comparer once, with the models whose samples it gets; those outside of the cluster are left out. */
export function toComparerPaths(models: readonly ExaminedModel[]): ComparerPath[] {
  const paths = new Map<string, ComparerPath & { readonly models: ExaminedModel[] }>();
  for (const model of models) {
    const { comparer, clusterDomain } = model.policy;
    if (comparer === undefined || !model.hasCandidate) continue;
    const host = toFullHost(comparer.service, model.namespace, clusterDomain);
    const [name = '', namespace = '', svc] = host.split('.');
    if (svc !== 'svc') continue;
    const key = `${host}:${comparer.port}`;
    const known = paths.get(key);
    if (known === undefined) paths.set(key, { namespace, name, host, port: comparer.port, models: [model] });
    else known.models.push(model);
  }
  return [...paths.values()];
}

export function examineComparer(path: ComparerPath, live: LiveObjects): Diagnosis[] {
  const { namespace, host, port } = path;
  if (!live.isKnown('service', namespace)) return [];
  const subject = toNamedSubject('service', path);
  const report = (code: DiagnosisCode, about: Subject, reason: SafeText, cure: SafeText) =>
    diagnose(path, code, 'error', about, { reason, cure });
  const install = safe`install the comparer of plugin/chart (comparer.enabled), or correct analysis.comparer`;
  const service = live.find('service', path);
  if (service === undefined)
    return [
      report(
        'comparer-missing',
        subject,
        safe`the Service ${toShown(path)}, to which samples are sent, does not exist: nothing is compared`,
        install,
      ),
    ];
  const servicePort = mapsAt(service.spec, ['ports']).find((one) => numberAt(one, ['port']) === port);
  if (servicePort === undefined)
    return [
      report(
        'comparer-missing',
        subject,
        safe`the Service ${toShown(path)} has no port ${port}, to which samples are sent: nothing is compared`,
        install,
      ),
    ];
  if (!live.isKnown('destinationRule', namespace)) return [];
  const rule = findRule(live.list('destinationRule'), rootNamespace, { namespace, host });
  const policy = toPortPolicy(rule, port);
  const about = rule === undefined ? subject : toSubject(rule);
  const isHttp2 =
    textAt(servicePort, ['appProtocol']) === 'kubernetes.io/h2c' ||
    /^(http2|grpc)(-|$)/.test(textAt(servicePort, ['name']) ?? '') ||
    textAt(policy, ['connectionPool', 'http', 'h2UpgradePolicy']) === 'UPGRADE';
  return [
    ...(isHttp2
      ? []
      : [
          report(
            'comparer-protocol',
            subject,
            safe`samples reach port ${port} of the Service ${toShown(path)} over HTTP/1.1: clients with large bodies wait for a comparer that stops reading`,
            safe`call the port http2, or give it appProtocol: kubernetes.io/h2c`,
          ),
        ]),
    ...(toLimit(policy) === undefined
      ? [
          report(
            'comparer-limit-missing',
            about,
            safe`nothing limits the samples in flight to the Service ${toShown(path)}: while the comparer hangs, the memory of the public gateway grows without end`,
            safe`install the comparer of plugin/chart, whose DestinationRule has the limit, in the namespace of the Service`,
          ),
        ]
      : []),
    ...examineBodyLimit(
      { service: path, models: path.models },
      safe`samples`,
      safe`upgrade its release of plugin/chart to this version, with comparer.clientLimits.enabled`,
      live,
    ),
  ];
}
