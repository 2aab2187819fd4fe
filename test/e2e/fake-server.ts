/**
 * A program in place of the images of model servers: KServe's V1 and V2 protocols over HTTP, as far as a name, readiness
 * and an answer go. It answers with what the file `answer` of its model has, and says what it was asked.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ContainerSpec } from './container.ts';
import type { Command } from './pod-run.ts';

/** Undefined for images of `none/`. */
export function toFakeServer({ image, args = [], env = [] }: ContainerSpec): Command | undefined {
  if (image.startsWith('none/')) return undefined;
  const names = args.flatMap((word) => /^--model_name=(.*)/.exec(word)?.[1] ?? []);
  const name = names.at(-1) ?? env.find((one) => one.name === 'MLSERVER_MODEL_NAME')?.value ?? 'model';
  return { command: process.execPath, words: [import.meta.filename, name] };
}

if (import.meta.main) serve(process.argv[2] ?? '');

function serve(name: string): void {
  const file = '/mnt/models/answer';
  const answer = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  const paths = new Set([`/v1/models/${name}:predict`, `/v1/models/${name}`, `/v2/models/${name}/infer`]);
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => {
      process.stdout.write(`${request.method} ${request.url} ${bytes}\n`);
      response.statusCode = paths.has(request.url ?? '') ? 200 : 404;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ predictions: [answer] }));
    });
  });
  server.listen(8080, '0.0.0.0');
  process.on('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}
