import type { Call, Reply } from './reply.ts';

/** What an answer is written in. `bytes`: nothing is known of it. */
export type Format = 'grpc' | 'v2' | 'v1' | 'openai' | 'json' | 'streamed' | 'compressed' | 'bytes';

const inferMethod = '/inference.GRPCInferenceService/ModelInfer';
/** Answers in parts. Whether a method of another service does cannot be known. */
const streamMethod = '/inference.GRPCInferenceService/ModelStreamInfer';

const v1Path = /^\/v1\/models\/[^/]+:predict$/;
const v2Path = /^\/v2\/models\/[^/]*(?:\/versions\/[^/]+)?\/infer$/;
/** KServe's runtimes have `/openai/v1/…`, vLLM `/v1/…`. */
const openaiPath = /^(?:\/openai)?\/v1\/(?:chat\/completions|completions|embeddings|rerank)$/;

/** Media types without their parameters. */
const jsonType = /^application\/(?:[\w.-]+\+)?json$/;
const streamTypes = ['text/event-stream', 'application/x-ndjson', 'application/stream+json'];

/** @param reply the primary's, to whose format the candidate's is held. */
export function findFormat({ protocol, path }: Call, { headers }: Reply): Format {
  const [type = ''] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const encoding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (protocol === 'grpc') {
    if (path === streamMethod) return 'streamed';
    return path === inferMethod ? 'grpc' : 'bytes';
  }
  if (streamTypes.includes(type.trim())) return 'streamed';
  if (encoding !== 'identity' && encoding !== '') return 'compressed';
  const [plainPath = ''] = path.split('?');
  if (v2Path.test(plainPath)) return 'v2';
  if (v1Path.test(plainPath)) return 'v1';
  if (openaiPath.test(plainPath)) return 'openai';
  return jsonType.test(type.trim()) ? 'json' : 'bytes';
}
