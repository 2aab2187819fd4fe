import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const file = join(import.meta.dirname, '../../fixtures/kserve/inferenceservices-0.20.0.json.gz');

/** KServe's own CustomResourceDefinition of the InferenceService, as JSON. */
export function readKServeCrd(): string {
  return gunzipSync(readFileSync(file)).toString('utf8');
}
