import * as v from 'valibot';
import { analysisSchema } from './analysis-schema.ts';
import { rampSchema } from './ramp-schema.ts';
import {
  clusterDomain,
  copiesInFlight,
  duration,
  fields,
  gatewayName,
  header,
  hostName,
  name,
  namespaceOrAll,
  optional,
  optionalButFilled,
  percentage,
  podSelector,
  pointer,
  port,
  said,
  storagePrefix,
  text,
} from './schema-parts.ts';

const mirrorTls = ['IstioMutual', 'None'] as const;

export type MirrorTls = (typeof mirrorTls)[number];

const routing = fields({
  api: optional(text(), 'How requests are routed. Default, and the only one: Istio.'),
  hosts: optional(
    v.array(hostName()),
    'Hosts of the model in addition to <name>.<namespace>, ….svc and ….svc.<clusterDomain>.',
  ),
  clusterDomain: optional(
    clusterDomain(),
    "The DNS domain of the cluster's Services, part of every default host. Default cluster.local.",
  ),
  gateway: optional(
    fields({
      name: optional(gatewayName(), 'Default mm-gateway.'),
      create: optional(v.boolean(), 'Whether to render the Gateway. Default true.'),
      namespaces: optional(
        v.array(namespaceOrAll()),
        'Other namespaces whose VirtualServices may use the rendered Gateway; "*" for all. Default: only its own.',
      ),
      selector: optional(podSelector(), 'Labels of the gateway pods. Default istio: ingressgateway.'),
      port: optional(port(), 'The port that the Gateway listens on. Default 80.'),
    }),
    'The gateway for requests from outside the mesh.',
  ),
  mirrorGateway: optional(
    fields({
      name: optional(
        gatewayName(),
        'Default model-mirror/model-mirror-gateway; for another gateway mm-mirror-gateway.',
      ),
      create: optional(v.boolean(), 'Whether to render the Gateway. Default false; for another gateway true.'),
      namespaces: optional(
        v.array(namespaceOrAll()),
        'Other namespaces whose VirtualServices may use the rendered Gateway; "*" for all. Default: only its own.',
      ),
      selector: optional(
        podSelector(),
        'Labels of the gateway pods. Default istio: model-mirror-gateway; for another gateway istio: egressgateway.',
      ),
      service: optional(
        hostName(),
        "The gateway's Service, which receives mirrored requests. Default model-mirror-gateway.model-mirror.svc.<clusterDomain>; for another gateway istio-egressgateway.istio-system.svc.<clusterDomain>.",
      ),
      tls: optional(
        v.picklist(mirrorTls),
        'How copies reach it: IstioMutual (mutual TLS of the mesh, port 443) or None (clear text, port 80). Default IstioMutual; for another gateway None.',
      ),
      port: optional(port(), 'The port of the Service and of the Gateway. Default: by tls.'),
    }),
    'The gateway through which mirrored requests reach the candidate. Default: the one that plugin/chart installs; setting name, create, selector, service or port means another one, unless service (or, without it, name) is that of the installed one. It must not be the public gateway: a gateway that mirrors to itself multiplies every request.',
  ),
  service: optional(
    fields({
      host: optional(hostName(), 'Default modelmesh-serving.<namespace>.svc.<clusterDomain>.'),
      port: optional(port(), 'Its gRPC port. Default 8033.'),
    }),
    "ModelMesh's Service. In Standard mode each version has one of its own.",
  ),
  timeout: optional(duration(), "How long a client's request may take, as in 30s. Default: no limit."),
  mirrorTimeout: optional(duration(), 'How long a mirrored request may take, as in 2s. Default 2s.'),
  maxCopiesInFlight: optional(
    copiesInFlight(),
    'How many copies may be in flight to a candidate from each Pod of the mirror gateway; more are dropped, so that a candidate that hangs leaves room for the copies of other models. Default 10.',
  ),
});

const serving = fields({
  allowRawDeployment: optional(
    v.boolean(),
    'Whether serving.kserve.io/deploymentMode may be RawDeployment, the name of Standard up to KServe 0.15. Later releases rewrite it, and then Argo CD is never in sync. Default false.',
  ),
});

const limits = fields({
  maxMirrorPercentage: optionalButFilled(
    percentage(),
    'The largest mirrorPercentage that this folder and all folders below allow.',
  ),
  storageUriPrefixes: optionalButFilled(
    v.pipe(
      v.array(storagePrefix()),
      v.minLength(1, 'an empty list allows no model\nname at least one prefix, or remove the list'),
    ),
    'Models in this folder and all folders below may only be loaded from these addresses, or from below them. Only whole path segments match: s3://models/a allows s3://models/a/v1, but not s3://models/ab.',
  ),
  requireAnalysis: optionalButFilled(
    v.boolean(),
    'true: in this folder and all folders below, a candidate needs a policy with an analysis, and is promoted only once it was judged as Passing.',
  ),
  minMirrorTime: optionalButFilled(
    duration(),
    "In this folder and all folders below, a candidate is promoted only once its mirror was open for so long in all, as in 24h, by git's commits. The longest of all such limits holds.",
  ),
});

const target = fields({
  kind: said(
    text(),
    'The kind of object to patch: InferenceService, or with Istio VirtualService, DestinationRule, ServiceEntry, Gateway.',
  ),
  name: optional(text(), 'Its name. Default: every object of this kind that the policy applies to.'),
});

const at = said(pointer(), 'The field, as a JSON pointer.');
const from = said(pointer(), 'The source field, as a JSON pointer.');
const op = <T extends string>(word: T, does: string) => said(v.literal(word), does);

/** RFC 6902. */
const operation = v.variant('op', [
  v.strictObject({
    op: op('add', 'Sets a field, or inserts into a list.'),
    path: at,
    value: said(v.unknown(), 'The value.'),
  }),
  v.strictObject({
    op: op('replace', 'Sets an existing field.'),
    path: at,
    value: said(v.unknown(), 'The value.'),
  }),
  v.strictObject({
    op: op('test', 'Fails unless the field has this value.'),
    path: at,
    value: said(v.unknown(), 'The value.'),
  }),
  v.strictObject({ op: op('remove', 'Removes a field.'), path: at }),
  v.strictObject({ op: op('move', 'Moves a field.'), path: at, from }),
  v.strictObject({ op: op('copy', 'Copies a field.'), path: at, from }),
]);

/** The rules for mirroring: `policy.yaml`. */
export const mirrorPolicySchema = v.pipe(
  fields({
    ...header('MirrorPolicy'),
    metadata: said(
      fields({ name: said(name(), 'The name of the policy; nothing refers to it.') }),
      'The identity of the policy.',
    ),
    spec: said(
      fields({
        mirrorPercentage: optionalButFilled(
          percentage(),
          'The percentage of requests that is mirrored to the candidate, with at most four decimals. Default 100; 0 is the brake.',
        ),
        gate: optional(
          v.picklist(['Status', 'None']),
          'Status (default): mirror only while the status file has exactly this candidate as Ready. None: mirror as soon as there is a candidate.',
        ),
        analysis: optional(
          analysisSchema,
          'How a candidate is judged, by requests that the comparer sends to both versions again. One decision: a nearer policy replaces all of it but comparer. Absent: nothing is sampled or judged. The primary answers each sampled request once more, so leave it out for models whose requests have side effects.',
        ),
        ramp: optionalButFilled(
          rampSchema,
          'The steps in which the mirror of a candidate opens: the next one once the candidate is Passing at the one before. The smallest of step, mirrorPercentage and limits holds. Needs an analysis. One decision: a nearer policy replaces all of it. Absent: the mirror opens at mirrorPercentage at once.',
        ),
        routing: optional(routing, 'Hosts, gateways, services and timeouts.'),
        serving: optional(serving, 'How KServe serves the models.'),
        limits: optional(limits, 'Limits that policies in folders below can tighten, but not loosen.'),
        patches: optional(
          v.array(
            fields({
              target: said(target, 'The rendered objects to patch.'),
              patch: said(v.array(operation), 'RFC 6902 operations, applied in order.'),
            }),
          ),
          'JSON patches for rendered objects, applied from the outermost policy to the nearest.',
        ),
      }),
      'The rules. An absent field has the value of the nearest policy further out that sets it, or its default.',
    ),
  }),
  v.title('MirrorPolicy'),
  v.description(
    'The rules for mirroring the models in this folder and all folders below. The nearest policy wins, field by field.',
  ),
);
