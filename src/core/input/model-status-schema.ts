import * as v from 'valibot';
import { header, looseFields, optional, percentage, said, text } from './schema-parts.ts';

/** What an InferenceService can be seen to be. */
const states = ['Missing', 'Pending', 'Loading', 'Ready', 'Failed', 'Stopped', 'Deleting'] as const;

export type ModelState = (typeof states)[number];

// A newer watcher may write more fields than an older plugin knows: they must not close a mirror.
const observedVersion = looseFields({
  name: said(text(), "The InferenceService's name."),
  version: optional(v.string(), 'The live label app.kubernetes.io/version.'),
  digest: optional(v.string(), 'The live annotation model-mirror.dev/digest.'),
  state: said(v.picklist(states), 'What the cluster says of it.'),
  loaded: optional(
    v.string(),
    'A digest of what the server is known to have loaded: kept while it is Pending or Loading again, absent before it was Ready and after it has failed.',
  ),
  reason: optional(v.string(), "KServe's reason for a failure, or for Pending."),
  message: optional(v.string(), "KServe's message."),
});

/** What was last seen: `status.yaml`. */
export const modelStatusSchema = v.pipe(
  looseFields({
    ...header('ModelStatus'),
    metadata: said(
      looseFields({ name: said(text(), 'The model.'), namespace: said(text(), 'Where it was seen.') }),
      'Which model this file is about.',
    ),
    status: said(
      looseFields({
        primary: optional(observedVersion, 'The primary as it was last seen.'),
        candidate: optional(observedVersion, 'The candidate as it was last seen.'),
        mirror: optional(
          looseFields({
            to: said(text(), 'The InferenceService that gets the copies.'),
            percentage: said(percentage(), 'The share of requests that is copied.'),
          }),
          'What the live VirtualService does; absent when it mirrors nothing.',
        ),
      }),
      'The facts.',
    ),
  }),
  v.title('ModelStatus'),
  v.description('What the cluster was last seen to be. Written by the watcher; people do not edit it.'),
);
