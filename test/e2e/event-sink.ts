/** Where KServe's agent sends what it logs: CloudEvents over HTTP, in their binary form, which are counted. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { addresses } from './network.ts';

const port = 8899;
/** As KServe's agent names them (kserve 0.20.0, pkg/logger/worker.go). */
const prefix = 'org.kubeflow.serving.inference.';

export class EventSink {
  readonly url = `http://${addresses.core}:${port}`;
  readonly #server: Server;
  /** By `INFERENCESERVICE request` and `INFERENCESERVICE response`. */
  readonly #counts = new Map<string, number>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const { 'ce-type': type = '', 'ce-inferenceservicename': service = '' } = request.headers;
      const key = `${service} ${String(type).replace(prefix, '')}`;
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      request.resume().on('end', () => response.end());
    });
  }

  static async start(): Promise<EventSink> {
    const sink = new EventSink();
    sink.#server.listen(port, addresses.core);
    await once(sink.#server, 'listening');
    return sink;
  }

  reset(): void {
    this.#counts.clear();
  }

  /** Of this version's requests and responses, once those under way have had the time to come. */
  async counts(service: string): Promise<readonly [requests: number, responses: number]> {
    const count = (what: string) => this.#counts.get(`${service} ${what}`) ?? 0;
    for (let before = -1; ; await sleep(300)) {
      const [requests, responses] = [count('request'), count('response')];
      if (requests + responses === before) return [requests, responses];
      before = requests + responses;
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
