import jsonPatch from 'fast-json-patch';
import { Refusal, toBadRequest } from './refusal.ts';

/**
 * A JSON patch (RFC 6902) on a copy of an object.
 *
 * @throws Refusal when it is no patch, or cannot be applied, a failed `test` included.
 */
export function applyJsonPatch(object: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw toBadRequest('error decoding patch: it is no list of operations');
  try {
    return jsonPatch.applyPatch(jsonPatch.deepClone(object), patch as jsonPatch.Operation[], true).newDocument;
  } catch (error) {
    const [cause] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new Refusal(422, 'Invalid', `the server rejected our request due to an error in our request: ${cause}`);
  }
}
