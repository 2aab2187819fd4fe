/** Whether the Services that are rendered beside a model's versions are there, are ours, and lead to its Pods. */
import type { SafeText } from '../../diagnostics/safe-text.ts';
import { join, mask, safe } from '../../diagnostics/safe-text.ts';
import { mapsAt, textAt, valueAt } from '../../input/plain-value.ts';
import type { Manifest } from '../../manifests/manifest.ts';
import { toCanonicalText } from '../../manifests/manifest.ts';
import type { Diagnosis, DiagnosisCode, DiagnosisSeverity, ExaminedModel } from '../examination.ts';
import type { LiveObject, LiveObjects } from './live-objects.ts';
import { isSubset, numberAt, toNamedSubject, toShown } from './live-objects.ts';
import { diagnose, findServicePods } from './mirror-path.ts';

export function examineOwnServices(model: ExaminedModel, live: LiveObjects): Diagnosis[] {
  if (!live.isKnown('service', model.namespace)) return [];
  return model.services.flatMap((service) => examineOwnService(model, service, live));
}

function examineOwnService(model: ExaminedModel, service: Manifest, live: LiveObjects): Diagnosis[] {
  const name = { namespace: model.namespace, name: service.metadata.name };
  const found = live.find('service', name);
  const report = (code: DiagnosisCode, severity: DiagnosisSeverity, reason: SafeText, cure: SafeText) => [
    diagnose({ models: [model] }, code, severity, toNamedSubject('service', name), { reason, cure }),
  ];
  const sync = safe`let Argo CD sync the model, and check its Application`;
  if (found === undefined)
    return report(
      'own-service-missing',
      'warning',
      safe`the Service ${toShown(name)} does not exist: requests that are routed to it fail`,
      sync,
    );
  if (!isSubset(service.metadata.labels ?? {}, found.labels))
    return report(
      'own-service-taken',
      'error',
      safe`the Service ${toShown(name)} exists already, and is not one of this model's${toOwner(found)}: with the next sync, Argo CD makes it lead to this model's Pods, whoever calls it`,
      safe`rename the model or the version, or remove that Service first`,
    );
  const differences = findDifferences(service, found);
  if (differences.length > 0)
    return report(
      'own-service-changed',
      'error',
      safe`the Service ${toShown(name)} is not as it is rendered (${join(differences, ', ')}): requests that are routed to it may fail or go elsewhere`,
      sync,
    );
  if (!live.isKnown('pod', model.namespace)) return [];
  const pods = findServicePods(found, live);
  if (pods.some(({ isReady }) => isReady)) return [];
  return report(
    'own-service-without-pod',
    'warning',
    pods.length === 0
      ? safe`the Service ${toShown(name)} selects no Pod: requests that are routed to it fail`
      : safe`none of the ${pods.length} Pods of the Service ${toShown(name)} is ready: requests that are routed to it fail`,
    safe`check them with ${mask(`\`kubectl describe pods -n ${model.namespace}\``)}`,
  );
}

function toOwner({ value }: LiveObject): SafeText {
  const [owner] = mapsAt(value, ['metadata', 'ownerReferences']);
  const [kind, name] = [textAt(owner, ['kind']), textAt(owner, ['name'])];
  return kind === undefined || name === undefined ? safe`` : safe`, but of the ${mask(kind)} ${mask(name)}`;
}

/** Whatever the API server fills in, as of ports of nodes, is no difference. */
function findDifferences(service: Manifest, found: LiveObject): SafeText[] {
  const { spec } = service as { readonly spec?: unknown };
  const selector = (value: unknown) => toCanonicalText(valueAt(value, ['selector']) ?? {});
  const ports = mapsAt(found.spec, ['ports']);
  return [
    ...(selector(spec) === selector(found.spec) ? [] : [safe`selector`]),
    ...mapsAt(spec, ['ports']).flatMap((port) => {
      const number = numberAt(port, ['port']);
      const same = ports.find((one) => numberAt(one, ['port']) === number);
      if (same === undefined) return [safe`no port ${number ?? 0}`];
      return ['name', 'targetPort', 'protocol', 'appProtocol']
        .filter((field) => (same[field] ?? '') !== (port[field] ?? ''))
        .map((field) => safe`${mask(field)} of port ${number ?? 0}`);
    }),
  ];
}
