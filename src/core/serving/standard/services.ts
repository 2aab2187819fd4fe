/**
 * Our own Services, in place of KServe's: the port of those has no declared protocol and is named after the
 * InferenceService, so copies of gRPC calls get lost, and a headless one breaks every proxy (executed).
 *
 * They never have KServe's labels: from 0.20 on, KServe deletes each Service so labelled that it does not expect
 * (predictor.go).
 */
import type { Manifest } from '../../manifests/manifest.ts';
import { toOwnLabels } from '../../manifests/manifest.ts';
import type { Patchable, PatchableManifest } from '../../manifests/patchable.ts';
import { metadata } from '../../manifests/patchable.ts';
import { isHttp } from '../protocol.ts';
import type { ServedVersion } from '../serving-mode.ts';
import { grpcPort, httpPort } from './backend.ts';
import { toBackendName, toPodSelector } from './names.ts';
import { findTargetPorts } from './ports.ts';

/** Whatever else they have decides where requests arrive. */
const patchable: Patchable = { fields: metadata };

/** The Service of a version. */
export function renderVersion(version: ServedVersion): PatchableManifest[] {
  return [{ manifest: toService(toBackendName(version.name), version), patchable }];
}

/** The Service of the model: its host has an address also for clients without a proxy, and they reach the primary. */
export function renderModel(primary: ServedVersion): PatchableManifest[] {
  return [{ manifest: toService(primary.model, primary), patchable }];
}

function toService(name: string, version: ServedVersion): Manifest {
  const { namespace, model, spec, protocols } = version;
  const target = findTargetPorts(spec, protocols);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: toOwnLabels(model) },
    spec: {
      type: 'ClusterIP',
      selector: { ...toPodSelector(version) },
      ports: [
        ...(protocols.some(isHttp)
          ? [{ name: 'http', port: httpPort, targetPort: target.http, protocol: 'TCP', appProtocol: 'http' }]
          : []),
        ...(protocols.includes('grpc')
          ? [
              {
                name: 'grpc',
                port: grpcPort,
                // `check` reports a port that is not known.
                targetPort: target.grpc ?? grpcPort,
                protocol: 'TCP',
                appProtocol: 'kubernetes.io/h2c',
              },
            ]
          : []),
      ],
    },
  };
}
