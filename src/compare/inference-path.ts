/**
 * The paths that ask a model for a prediction. Only these are sent again: anything else could load, unload or configure
 * something, and a copy of it would do so twice.
 *
 * Sources: KServe's V1 and Open Inference Protocol (V2, `/versions/` included), OpenAI's API under the prefix that KServe
 * uses and under none.
 */

export interface InferencePath {
  /** Up to the model's name; the whole path where it has none. */
  readonly before: string;
  readonly name: string | undefined;
  readonly after: string;
}

const grpcPath = '/inference.GRPCInferenceService/ModelInfer';
/** Longer ones are no model's. It also bounds the work of the expressions that routes have for paths. */
const maxLength = 512;

const openai = /^(?:\/openai)?\/v1\/(?:chat\/completions|completions|embeddings|rerank)$/;
const v1 = /^(\/v1\/models\/)([-\w.]+)(:predict)$/;
const v2 = /^(\/v2\/models\/)([-\w.]+)((?:\/versions\/[-\w.]+)?\/infer)$/;

/**
 * @param path without its query.
 * @returns undefined: it is not one.
 */
export function parseInferencePath(path: string, isGrpc: boolean): InferencePath | undefined {
  if (isGrpc || path === grpcPath)
    return isGrpc && path === grpcPath ? { before: path, name: undefined, after: '' } : undefined;
  if (path.length > maxLength) return undefined;
  if (openai.test(path)) return { before: path, name: undefined, after: '' };
  const [, before = '', name = '', after = ''] = v2.exec(path) ?? v1.exec(path) ?? [];
  // A name of dots alone would be resolved into another path.
  return name === '' || /^\.+$/.test(name) || /\/\.+\//.test(after) ? undefined : { before, name, after };
}
