import jsonPatch from 'fast-json-patch';
import { Refusal, toBadRequest } from './refusal.ts';

/**
 * Applies a JSON patch (RFC 6902) to a copy of an object.
 *
 * @throws Refusal when it is not a patch, or cannot be applied, including a failed `test`.
 */
export function applyJsonPatch(object: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw toBadRequest('error decoding patch: it is not a list of operations');
  try {
    return jsonPatch.applyPatch(jsonPatch.deepClone(object), patch as jsonPatch.Operation[], true).newDocument;
  } catch (error) {
    const [cause] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new Refusal(422, 'Invalid', `the server rejected our request due to an error in our request: ${cause}`);
  }
}
