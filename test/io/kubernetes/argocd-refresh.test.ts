import test from 'ava';
import { Response } from 'undici';
import { ArgocdRefresh } from '../../../src/io/kubernetes/argocd-refresh.ts';
import type { ApiRequest } from '../../../src/io/kubernetes/kubernetes-api.ts';
import { ManualClock } from '../../watch/manual-clock.ts';

const annotation = 'argocd.argoproj.io/refresh';
const signal = new AbortController().signal;

/** Applications as Argo CD's API server has them; a refresh is under way until it is ended. */
class Applications {
  readonly clock = new ManualClock();
  readonly warnings: string[] = [];
  readonly annotated: string[] = [];
  readonly refreshing = new Set<string>();
  /** What the next answers are in place of an Application. */
  readonly answers: Response[] = [];
  atOnce = 0;
  most = 0;
  readonly refresh = new ArgocdRefresh({
    api: { request: (path, request) => this.#request(path, request) },
    namespace: 'argocd',
    clock: this.clock,
    log: { info: () => {}, warn: (message) => this.warnings.push(message), error: () => {} },
    meter: { retry: () => {} },
  });

  async #request(path: string, { body = '' }: ApiRequest): Promise<Response> {
    const name = path.slice(path.lastIndexOf('/') + 1);
    this.most = Math.max(this.most, ++this.atOnce);
    await new Promise((resolve) => setImmediate(resolve));
    this.atOnce--;
    const answer = this.answers.shift();
    if (answer !== undefined) return answer;
    // What does not change wakes no controller.
    if (body.includes(`{"${annotation}":null}`)) this.refreshing.delete(name);
    else if (body.includes(annotation) && !this.refreshing.has(name)) {
      this.annotated.push(name);
      this.refreshing.add(name);
    }
    const annotations = this.refreshing.has(name) ? { [annotation]: 'normal' } : {};
    return new Response(JSON.stringify({ metadata: { name, annotations } }));
  }
}

test('a refresh in progress is waited for before a new one is requested', async (t) => {
  const scene = new Applications();
  scene.refreshing.add('wisdom');
  scene.refresh.ask(['wisdom'], signal);
  await scene.clock.advance(2000);
  t.deepEqual(scene.annotated, []);
  scene.refreshing.delete('wisdom');
  await scene.clock.advance(600);
  t.deepEqual(scene.annotated, ['wisdom']);
  await scene.refresh.finish();
});

test('requests during the wait are one refresh; a later request is another', async (t) => {
  const scene = new Applications();
  scene.refreshing.add('wisdom');
  for (let i = 0; i < 3; i++) {
    scene.refresh.ask(['wisdom'], signal);
    await scene.clock.advance(700);
  }
  scene.refreshing.delete('wisdom');
  await scene.clock.advance(600);
  t.deepEqual(scene.annotated, ['wisdom']);
  scene.refresh.ask(['wisdom'], signal);
  await scene.clock.advance(600);
  scene.refreshing.delete('wisdom');
  await scene.clock.advance(600);
  t.deepEqual(scene.annotated, ['wisdom', 'wisdom']);
});

test('a refresh that does not end delays no other; after a while it is removed and requested again', async (t) => {
  const scene = new Applications();
  const names = Array.from({ length: 50 }, (_, i) => `app-${i}`);
  for (const name of names.slice(0, 20)) scene.refreshing.add(name);
  scene.refresh.ask(names, signal);
  await scene.clock.advance(1000);
  t.deepEqual(scene.annotated.toSorted(), names.slice(20).toSorted());
  await scene.clock.advance(16_000);
  t.is(scene.annotated.length, 50);
  t.true(scene.most <= 4, `${scene.most} requests at once`);
});

test('a request whose response breaks off is tried again', async (t) => {
  const scene = new Applications();
  scene.answers.push(new Response('{"metadata":'));
  scene.refresh.ask(['wisdom'], signal);
  await scene.clock.advance(10_000);
  t.deepEqual(scene.annotated, ['wisdom']);
  t.is(scene.warnings.length, 1);
  t.regex(scene.warnings[0] ?? '', /^Argo CD was not asked to refresh: the answer cannot be read/);
});
