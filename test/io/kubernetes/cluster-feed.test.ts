import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { runFeed } from '../../../src/io/kubernetes/cluster-feed.ts';
import { ApiTrouble } from '../../../src/io/kubernetes/kubernetes-api.ts';
import { toKinds } from '../../../src/io/kubernetes/object-lists.ts';

test('a list that is expired as soon as it is watched is fetched at growing intervals', async (t) => {
  const stop = new AbortController();
  const pauses: number[] = [];
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const nothing = () => {};
  await runFeed(
    {
      api: {
        request: async (_, { query = {} }) =>
          new Response(
            'watch' in query
              ? '{"type":"ERROR","object":{"code":410,"message":"too old resource version"}}\n'
              : '{"metadata":{"resourceVersion":"1"},"items":[]}',
          ),
      },
      namespaces: undefined,
      kinds: toKinds(undefined),
      clock: {
        now: () => 0,
        date: () => 0,
        random: () => 0.5,
        sleep: async (ms) => {
          pauses.push(ms);
          if (pauses.length >= 40) stop.abort();
          await turn();
        },
      },
      log: { info: say, warn: say, error: say },
      meter: { retry: nothing },
    },
    { replace: nothing, put: nothing, drop: nothing, trouble: nothing },
    stop.signal,
  );
  t.is(pauses.filter((ms) => ms === 0).length, toKinds(undefined).length, 'at once the first time, for each kind');
  t.true(Math.max(...pauses) > 10_000);
  t.regex(said[0] ?? '', /too old resource version$/);
});

test('an event without an object is reported', async (t) => {
  const stop = new AbortController();
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  const nothing = () => {};
  await runFeed(
    {
      api: {
        request: async (_, { query = {} }) =>
          new Response('watch' in query ? '{"type":"ERROR"}\n' : '{"metadata":{"resourceVersion":"1"},"items":[]}'),
      },
      namespaces: undefined,
      kinds: toKinds(undefined),
      clock: { now: () => 0, date: () => 0, random: () => 0.5, sleep: async () => stop.abort() },
      log: { info: say, warn: say, error: say },
      meter: { retry: nothing },
    },
    { replace: nothing, put: nothing, drop: nothing, trouble: nothing },
    stop.signal,
  );
  t.regex(said[0] ?? '', /^the Kubernetes API ends the watch of /);
});

test('without the right to list what one mode needs, the others are served, and it is reported once', async (t) => {
  const stop = new AbortController();
  const said: string[] = [];
  const listed: string[] = [];
  const troubled: string[] = [];
  let refusals = 0;
  const nothing = () => {};
  await runFeed(
    {
      api: {
        request: async (path, { query = {}, signal }) => {
          if (path.endsWith('/pods') || path.endsWith('/deployments')) {
            if (++refusals > 8) stop.abort();
            throw new ApiTrouble(safe`the Kubernetes API answers with 403: forbidden`, 403);
          }
          if ('watch' in query) await new Promise((_, reject) => signal.addEventListener('abort', reject));
          return new Response('{"metadata":{"resourceVersion":"1"},"items":[]}');
        },
      },
      namespaces: undefined,
      kinds: toKinds(undefined),
      clock: { now: () => 0, date: () => 0, random: () => 0.5, sleep: () => turn() },
      log: { info: nothing, warn: nothing, error: (message: string) => void said.push(message) },
      meter: { retry: nothing },
    },
    {
      replace: (kind, _, objects) => void (objects.length === 0 && listed.push(kind)),
      put: nothing,
      drop: nothing,
      trouble: (_, message) => void (message !== undefined && troubled.push(message)),
    },
    stop.signal,
  );
  t.deepEqual([...new Set(listed)].sort(), ['Deployment', 'InferenceService', 'Pod', 'VirtualService']);
  t.deepEqual(troubled, [], 'the watcher stays ready');
  const end = 'no version of a model in Standard mode becomes Ready; apply the roles of this release';
  t.deepEqual(
    said.map((message) => message.slice(message.indexOf('Until'))).sort(),
    ['deployments', 'pods'].map((plural) => `Until the watcher may list and watch ${plural}, ${end}`),
  );
});
