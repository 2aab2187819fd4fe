/**
 * A program in place of the images of model servers: KServe's V1 and V2 protocols over HTTP and V2 over gRPC, as far as
 * a name, readiness and an answer go. It predicts the number that the file `answer` of its model has, and says what it
 * was asked. Over HTTP it fails each prediction whose number is a multiple of that in the file `fails`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { createServer as createHttp2Server } from 'node:http2';
import type { ContainerSpec } from './container.ts';
import {
  contentType,
  MessageReader,
  parseInferMessage,
  toFrame,
  toInferResponse,
  toStatusCode,
} from './grpc-frames.ts';
import type { Command } from './pod-run.ts';

/**
 * An Envoy answers 503 to a call that meets a connection as its server closes it: by default Node closes one that has been
 * idle for five seconds, so after as long a pause of a test some of its next calls failed.
 */
export const neverIdle = { keepAliveTimeout: 0 } as const;

/** Undefined for images of `none/`. */
export function toFakeServer({ image, args = [], env = [] }: ContainerSpec): Command | undefined {
  if (image.startsWith('none/')) return undefined;
  const names = args.flatMap((word) => /^--model_name=(.*)/.exec(word)?.[1] ?? []);
  const name = names.at(-1) ?? env.find((one) => one.name === 'MLSERVER_MODEL_NAME')?.value ?? 'model';
  return { command: process.execPath, words: [import.meta.filename, name] };
}

if (import.meta.main) serve(process.argv[2] ?? '');

/** As KServe's Python servers: HTTP on one port, gRPC on another. */
function serve(name: string): void {
  const read = (file: string) => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
  const [answer, fails] = [read('/mnt/models/answer'), read('/mnt/models/fails')];
  let predictions = 0;
  const infer = `/v2/models/${name}/infer`;
  const paths = new Set([`/v1/models/${name}:predict`, `/v1/models/${name}`, infer]);
  const rest = createServer(neverIdle, (request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      process.stdout.write(`${request.method} ${request.url} ${bytes}\n`);
      const isFailing = request.method === 'POST' && fails > 0 && ++predictions % fails === 0;
      response.statusCode = !paths.has(request.url ?? '') ? 404 : isFailing ? 500 : 200;
      response.setHeader('content-type', 'application/json');
      const outputs = [{ name: 'y', shape: [1], datatype: 'FP64', data: [answer] }];
      response.end(JSON.stringify(request.url === infer ? { model_name: name, outputs } : { predictions: [answer] }));
    });
  }).listen(8080, '0.0.0.0');
  const grpc = createHttp2Server();
  grpc.on('stream', (stream: ServerHttp2Stream, headers) => {
    const body = new MessageReader();
    stream.on('data', (chunk: Buffer) => body.push(chunk));
    stream.on('end', () => {
      process.stdout.write(`POST ${headers[':path']} ${body.announced}\n`);
      const { modelName } = parseInferMessage(body.message() ?? Buffer.alloc(0));
      const isKnown = modelName === name;
      stream.respond({ ':status': 200, 'content-type': contentType }, { waitForTrailers: true });
      const status = toStatusCode(isKnown ? 'OK' : 'NOT_FOUND');
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
      stream.end(isKnown ? toFrame(toInferResponse({ modelName }, answer)) : '');
    });
    stream.on('error', () => {});
  });
  grpc.listen(8081, '0.0.0.0');
  process.on('SIGTERM', () => {
    rest.close(() => process.exit(0));
    rest.closeIdleConnections();
  });
}
