/**
 * The three kinds of file: the one definition that validates them, types them, and is printed as
 * JSON Schema by `model-mirror schema`.
 *
 * A message of a check has two lines: what is wrong, and what to do.
 */
import * as v from 'valibot';
import { isMap } from './plain-value.ts';

export const apiVersion = 'model-mirror.dev/v1alpha1';

/** Of a `metadata.labels` value: at most 63 letters, digits, `-`, `_`, `.` (Kubernetes API conventions). */
const labelValue = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const dnsName = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
/** Istio's webhook takes Go durations of at least a millisecond. */
const duration = /^(?=.*[1-9])([0-9]+(\.[0-9]+)?(h|m|s|ms))+$/;
/** RFC 6901. */
const jsonPointer = /^(\/([^/~]|~[01])*)*$/;

const describe = v.description;

/** valibot takes a list where it expects an object; a file with a list there is wrong. */
function map<S extends v.GenericSchema>(schema: S) {
  return v.pipe(v.custom<v.InferInput<S>>(isMap), schema);
}

const fields = <E extends v.ObjectEntries>(entries: E) => map(v.strictObject(entries));
const looseFields = <E extends v.ObjectEntries>(entries: E) => map(v.looseObject(entries));

const text = () => v.pipe(v.string(), v.minLength(1, 'the text is empty\nfill it in, or leave the field out'));

const hostName = () =>
  v.pipe(
    v.string(),
    v.maxLength(246, 'the host is too long\nuse at most 246 characters: Istio may append "-shadow"'),
    v.regex(
      dnsName,
      'this is not a host name\nwrite lower-case letters, digits, "-" and ".", without port or wildcard, as in wisdom.example.com',
    ),
  );

const port = () =>
  v.pipe(
    v.number(),
    v.integer('a port is a whole number\nwrite a number from 1 to 65535'),
    v.minValue(1, 'a port is at least 1\nwrite a number from 1 to 65535'),
    v.maxValue(65535, 'a port is at most 65535\nwrite a number from 1 to 65535'),
  );

const percentage = () =>
  v.pipe(
    v.number(),
    v.minValue(0, 'a percentage is at least 0\nwrite a number from 0 to 100'),
    v.maxValue(100, 'a percentage is at most 100\nwrite a number from 0 to 100'),
    v.check(
      (value) => Math.round(value * 10_000) / 10_000 === value,
      "finer than 0.0001, which is Envoy's resolution\nwrite at most four decimals",
    ),
  );

const durationText = () =>
  v.pipe(
    v.string(),
    v.regex(duration, 'this is not a duration\nwrite a number with h, m, s or ms, as in 2s or 500ms; at least 1ms'),
  );

const selector = () =>
  v.pipe(
    map(v.record(v.string(), v.string())),
    v.minEntries(1, 'an empty selector picks every gateway\nname at least one label, as in istio: ingressgateway'),
  );

const labels = () => map(v.record(v.string(), v.string()));
const object = () => map(v.record(v.string(), v.unknown()));

const modelName = () =>
  v.pipe(
    v.string(),
    v.regex(
      dnsLabel,
      'this is not a name Kubernetes takes\nuse lower-case letters, digits and "-", at most 63, beginning and ending with a letter or digit',
    ),
  );

const modelVersion = (example: string) =>
  fields({
    version: v.pipe(
      v.string(),
      v.regex(
        labelValue,
        'this is not a label value\nuse at most 63 letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
      ),
      describe(`What this version is called; becomes the label app.kubernetes.io/version. Quote numbers: "1.0".`),
    ),
    storageUri: v.optional(
      v.pipe(
        text(),
        describe(
          'Where the model lies: s3, gs, pvc, http or https. Becomes spec.predictor.model.storageUri. Required unless the template or the overrides give storage.',
        ),
      ),
    ),
    name: v.optional(
      v.pipe(text(), describe(`The InferenceService's name. Default: the model's name and ${example}.`)),
    ),
    overrides: v.optional(
      v.pipe(
        fields({
          metadata: v.optional(
            fields({
              labels: v.optional(map(v.record(v.string(), v.nullable(v.string())))),
              annotations: v.optional(map(v.record(v.string(), v.nullable(v.string())))),
            }),
          ),
          spec: v.optional(object()),
        }),
        describe("A JSON merge patch (RFC 7386) on this version's InferenceService; null removes a field."),
      ),
    ),
  });

export const modelSchema = v.pipe(
  fields({
    apiVersion: v.literal(apiVersion),
    kind: v.literal('Model'),
    metadata: fields({
      name: v.pipe(
        modelName(),
        describe('The model. Clients call <name>.<namespace>; VirtualService and ServiceEntry are called so too.'),
      ),
      namespace: v.optional(
        v.pipe(
          modelName(),
          describe("Where its objects live. Default: the Argo CD Application's destination namespace."),
        ),
      ),
    }),
    spec: fields({
      template: v.pipe(
        fields({
          metadata: v.optional(
            fields({
              labels: v.optional(v.pipe(labels(), describe('Labels of both InferenceServices.'))),
              annotations: v.optional(
                v.pipe(
                  labels(),
                  describe('Annotations of both; serving.kserve.io/deploymentMode: ModelMesh is required.'),
                ),
              ),
            }),
          ),
          spec: v.pipe(object(), describe("An InferenceService's spec, as KServe documents it.")),
        }),
        describe('What both versions share.'),
      ),
      primary: v.pipe(modelVersion('-0'), describe('The version that answers every request.')),
      candidate: v.optional(
        v.pipe(modelVersion('-1'), describe('The version that sees copies of requests; nobody gets its answers.')),
      ),
    }),
  }),
  v.title('Model'),
  describe('What people want: a model, its primary version and, while one is tried out, its candidate.'),
);

const patchTarget = fields({
  kind: v.pipe(
    v.picklist(['InferenceService', 'VirtualService', 'ServiceEntry', 'Gateway']),
    describe('The kind of object to patch.'),
  ),
  name: v.optional(v.pipe(text(), describe('Its name; absent: every object of the kind that the policy reaches.'))),
});

const pointer = () =>
  v.pipe(
    v.string(),
    v.regex(
      jsonPointer,
      'this is not a JSON pointer\nbegin with "/" and write "~1" for "/" and "~0" for "~" inside a key, as in /metadata/annotations/a.b~1c',
    ),
  );

const patchOperation = v.variant('op', [
  v.strictObject({ op: v.literal('add'), path: pointer(), value: v.unknown() }),
  v.strictObject({ op: v.literal('replace'), path: pointer(), value: v.unknown() }),
  v.strictObject({ op: v.literal('test'), path: pointer(), value: v.unknown() }),
  v.strictObject({ op: v.literal('remove'), path: pointer() }),
  v.strictObject({ op: v.literal('move'), path: pointer(), from: pointer() }),
  v.strictObject({ op: v.literal('copy'), path: pointer(), from: pointer() }),
]);

const gatewayName = () =>
  v.pipe(
    v.string(),
    v.regex(
      /^(?!mesh$)([a-z0-9]([-a-z0-9]*[a-z0-9])?\/)?[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/,
      'this is not the name of a Gateway\nwrite name or namespace/name; "mesh" stands for all sidecars and cannot be one',
    ),
  );

export const mirrorPolicySchema = v.pipe(
  fields({
    apiVersion: v.literal(apiVersion),
    kind: v.literal('MirrorPolicy'),
    metadata: fields({ name: v.pipe(modelName(), describe('What the policy is called; nothing refers to it.')) }),
    spec: fields({
      mirrorPercentage: v.optional(
        v.pipe(
          percentage(),
          describe('The share of requests that is mirrored to the candidate, in percent. Default 100; 0 is the brake.'),
        ),
      ),
      gate: v.optional(
        v.pipe(
          v.picklist(['Status', 'None']),
          describe(
            'Status (default): mirror only while the status file says that this very candidate is ready. None: mirror as soon as there is a candidate.',
          ),
        ),
      ),
      routing: v.optional(
        fields({
          hosts: v.optional(
            v.pipe(
              v.array(hostName()),
              describe('Hosts that lead to the model besides <name>.<namespace>, ….svc and ….svc.cluster.local.'),
            ),
          ),
          gateway: v.optional(
            v.pipe(
              fields({
                name: v.optional(v.pipe(gatewayName(), describe('Default mm-gateway.'))),
                create: v.optional(v.pipe(v.boolean(), describe('Whether to render the Gateway. Default true.'))),
                selector: v.optional(
                  v.pipe(selector(), describe('Labels of the gateway pods. Default istio: ingressgateway.')),
                ),
                port: v.optional(v.pipe(port(), describe('The port that the Gateway listens on. Default 80.'))),
              }),
              describe('The gateway through which requests from outside come.'),
            ),
          ),
          mirrorGateway: v.optional(
            v.pipe(
              fields({
                name: v.optional(v.pipe(gatewayName(), describe('Default mm-mirror-gateway.'))),
                create: v.optional(v.pipe(v.boolean(), describe('Whether to render the Gateway. Default true.'))),
                selector: v.optional(
                  v.pipe(selector(), describe('Labels of the gateway pods. Default istio: egressgateway.')),
                ),
                service: v.optional(
                  v.pipe(
                    hostName(),
                    describe(
                      "The gateway's Service, where mirrored requests go. Default istio-egressgateway.istio-system.svc.cluster.local.",
                    ),
                  ),
                ),
                port: v.optional(v.pipe(port(), describe('The port of the Service and of the Gateway. Default 80.'))),
              }),
              describe(
                'The gateway through which mirrored requests reach the candidate. It must not be the public one: a gateway that mirrors to itself multiplies every request.',
              ),
            ),
          ),
          service: v.optional(
            v.pipe(
              fields({
                host: v.optional(
                  v.pipe(hostName(), describe('Default modelmesh-serving.<namespace>.svc.cluster.local.')),
                ),
                port: v.optional(v.pipe(port(), describe('Its gRPC port. Default 8033.'))),
              }),
              describe("ModelMesh's Service."),
            ),
          ),
          timeout: v.optional(
            v.pipe(durationText(), describe("How long a client's request may take, as in 30s. Default: no limit.")),
          ),
          mirrorTimeout: v.optional(
            v.pipe(durationText(), describe('How long a mirrored request may take, as in 2s. Default 2s.')),
          ),
        }),
      ),
      limits: v.optional(
        v.pipe(
          fields({
            maxMirrorPercentage: v.optional(
              v.pipe(percentage(), describe('The largest mirrorPercentage allowed from here down.')),
            ),
            storageUriPrefixes: v.optional(
              v.pipe(
                v.array(text()),
                v.minLength(1, 'an empty list allows no model at all\nname at least one prefix, or leave the list out'),
                describe('Each storageUri from here down must begin with one of these.'),
              ),
            ),
          }),
          describe('What policies further down can only tighten, never loosen.'),
        ),
      ),
      patches: v.optional(
        v.pipe(
          v.array(
            fields({
              target: v.pipe(patchTarget, describe('Which rendered objects are patched.')),
              patch: v.pipe(v.array(patchOperation), describe('RFC 6902 operations, run in order.')),
            }),
          ),
          describe('JSON patches on rendered objects, run from the outermost policy to the nearest.'),
        ),
      ),
    }),
  }),
  v.title('MirrorPolicy'),
  describe(
    'Under which rules models are mirrored: for this folder and everything below; the nearest policy wins, field by field.',
  ),
);

export const modelStates = ['Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting'] as const;

const observedVersion = () =>
  looseFields({
    name: v.pipe(text(), describe("The InferenceService's name.")),
    version: v.optional(v.pipe(v.string(), describe('The live label app.kubernetes.io/version.'))),
    digest: v.optional(v.pipe(v.string(), describe('The live annotation model-mirror.dev/digest.'))),
    state: v.pipe(v.picklist(modelStates), describe('What the cluster says of it.')),
    reason: v.optional(v.pipe(v.string(), describe("KServe's reason for a failure."))),
    message: v.optional(v.pipe(v.string(), describe("KServe's message."))),
  });

export const modelStatusSchema = v.pipe(
  looseFields({
    apiVersion: v.literal(apiVersion),
    kind: v.literal('ModelStatus'),
    metadata: looseFields({ name: text(), namespace: text() }),
    status: looseFields({
      primary: v.optional(v.pipe(observedVersion(), describe('The primary as it was last seen.'))),
      candidate: v.optional(v.pipe(observedVersion(), describe('The candidate as it was last seen.'))),
      mirror: v.optional(
        v.pipe(
          looseFields({ to: text(), percentage: percentage() }),
          describe('What the live VirtualService does; absent when it mirrors nothing.'),
        ),
      ),
    }),
  }),
  v.title('ModelStatus'),
  describe('What the cluster was last seen to be. Written by the watcher; people do not edit it.'),
);

export type Model = v.InferOutput<typeof modelSchema>;
export type ModelVersion = Model['spec']['primary'];
export type MirrorPolicy = v.InferOutput<typeof mirrorPolicySchema>;
export type Patch = NonNullable<MirrorPolicy['spec']['patches']>[number];
export type ModelStatus = v.InferOutput<typeof modelStatusSchema>;
export type ModelState = (typeof modelStates)[number];

/** By kind, as written in the files. */
export const schemas = {
  Model: modelSchema,
  MirrorPolicy: mirrorPolicySchema,
  ModelStatus: modelStatusSchema,
} as const;

export type Kind = keyof typeof schemas;
