import * as v from 'valibot';
import { header, looseFields, optional, percentage, said, text } from './schema-parts.ts';
import { attemptSchema, passedSchema, verdictSchema } from './verdict-schema.ts';

/** The states that an InferenceService is observed in. */
const states = ['Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting'] as const;

export type ModelState = (typeof states)[number];

const versionFields = {
  name: said(text(), "The InferenceService's name."),
  version: optional(v.string(), 'The live label app.kubernetes.io/version.'),
  digest: optional(v.string(), 'The live annotation model-mirror.dev/digest.'),
  state: said(v.picklist(states), 'Its state in the cluster.'),
  loaded: optional(
    v.string(),
    'A digest of what the server is known to have loaded: kept while it is Pending or Loading again, absent before it was Ready and after it has failed.',
  ),
  uid: optional(
    v.string(),
    'The InferenceService that has loaded it: one that was deleted and created again has another one, and has loaded nothing yet.',
  ),
  reason: optional(v.string(), "KServe's reason for a failure, or for Pending."),
  message: optional(v.string(), "KServe's message."),
};

// A newer watcher may write more fields than an older plugin knows: they must not close a mirror.
const observedVersion = looseFields(versionFields);

const observedCandidate = looseFields({
  ...versionFields,
  mirror: optional(
    looseFields({ percentage: said(percentage(), 'The share of requests that is copied.') }),
    'What the live routes do; absent when they mirror nothing to it.',
  ),
  attempt: optional(
    attemptSchema,
    'How often `model-mirror analysis --reset` had its judgement begin again; absent: never.',
  ),
  passed: optional(
    passedSchema,
    'How it was judged at the step of the ramp before this one; absent: it is at the first step, or there is no ramp.',
  ),
  verdict: optional(verdictSchema, 'How it was judged, at this step of the ramp; absent: nothing is decided.'),
});

/** What was last observed: `status.yaml`. */
export const modelStatusSchema = v.pipe(
  looseFields({
    ...header('ModelStatus'),
    metadata: said(
      looseFields({ name: said(text(), 'The model.'), namespace: said(text(), 'Where it was observed.') }),
      'Which model this file is about.',
    ),
    status: said(
      looseFields({
        primary: optional(observedVersion, 'The primary as it was last observed.'),
        candidates: optional(
          v.array(observedCandidate),
          'The candidates as they were last observed, and whatever else requests are mirrored to.',
        ),
        candidate: optional(observedVersion, 'The candidate, as 0.1.0 wrote it.'),
        mirror: optional(
          looseFields({
            to: said(text(), 'The InferenceService that gets the copies.'),
            percentage: said(percentage(), 'The share of requests that is copied.'),
          }),
          'The live mirror, as 0.1.0 wrote it.',
        ),
      }),
      'The facts.',
    ),
  }),
  v.title('ModelStatus'),
  v.description('What was last observed in the cluster. Written by the watcher; people do not edit it.'),
);
