import * as v from 'valibot';
import { fields, header, labelValue, mapOf, name, optional, said, text } from './schema-parts.ts';

export const protocols = ['grpc', 'rest', 'openai'] as const;

/** How clients call a model. */
export type Protocol = (typeof protocols)[number];

const versionOf = (suffix: string) =>
  fields({
    version: said(
      labelValue(),
      'What this version is called; becomes the label app.kubernetes.io/version. Quote numbers: "1.0".',
    ),
    storageUri: optional(
      text(),
      'Where the model is stored: s3, gs, pvc, http or https, in Standard mode also hf and oci. Becomes spec.predictor.model.storageUri. Required unless the template or the overrides give storage.',
    ),
    name: optional(text(), `The InferenceService's name. Default: the model's name and ${suffix}.`),
    overrides: optional(
      fields({
        metadata: optional(
          fields({
            labels: optional(mapOf(v.nullable(v.string())), 'Labels of this InferenceService alone.'),
            annotations: optional(mapOf(v.nullable(v.string())), 'Annotations of this InferenceService alone.'),
          }),
          'Labels and annotations; null removes one.',
        ),
        spec: optional(mapOf(v.unknown()), "What differs from the template's spec; null removes a field."),
      }),
      "A JSON merge patch (RFC 7386) on this version's InferenceService.",
    ),
  });

/** What people want: `model.yaml`. */
export const modelSchema = v.pipe(
  fields({
    ...header('Model'),
    metadata: said(
      fields({
        name: said(name(), 'The model. Clients call <name>.<namespace>; its route has the same name.'),
        namespace: optional(
          name(),
          "Where its objects live. Default: the Argo CD Application's destination namespace.",
        ),
      }),
      'Which model this is.',
    ),
    spec: said(
      fields({
        protocols: optional(
          v.pipe(
            v.array(v.picklist(protocols)),
            v.minLength(1, 'an empty list names no protocol\nname at least one, or remove the list'),
          ),
          'How clients call the model: grpc, rest (V1 and V2) or openai, which only the mode Standard has. Default: grpc for ModelMesh, rest for Standard.',
        ),
        template: said(
          fields({
            metadata: optional(
              fields({
                labels: optional(mapOf(v.string()), 'Labels of both InferenceServices.'),
                annotations: optional(
                  mapOf(v.string()),
                  'Annotations of both; serving.kserve.io/deploymentMode is required: Standard or ModelMesh.',
                ),
              }),
              'Labels and annotations of both InferenceServices.',
            ),
            spec: said(mapOf(v.unknown()), "An InferenceService's spec, as KServe documents it."),
          }),
          'What both versions share.',
        ),
        primary: said(versionOf('-0'), 'The version that answers every request.'),
        candidates: optional(
          v.array(versionOf('-1')),
          'The versions that get copies of requests; their responses are discarded. One is supported.',
        ),
        candidate: optional(versionOf('-1'), 'The same as a list of one.'),
      }),
      'Its versions.',
    ),
  }),
  v.title('Model'),
  v.description('What people want: a model, its primary version and, while one is tried out, its candidate.'),
);
