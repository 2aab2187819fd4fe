import test from 'ava';
import fc from 'fast-check';
import { orderKeys, toCanonicalText } from '../../../src/core/manifests/manifest.ts';

/** The same value with its keys in another order. */
function shuffle(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffle);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, shuffle(inner)] as const);
  return Object.fromEntries(entries.reverse());
}

const manifest = {
  spec: { b: [{ d: 1, c: 2 }], a: null },
  metadata: { labels: { y: '1', x: '2' }, namespace: 'models', annotations: {}, name: 'wisdom' },
  kind: 'VirtualService',
  apiVersion: 'networking.istio.io/v1',
};

test('an object begins with what identifies it, and all other keys are in alphabetical order', (t) => {
  const text =
    '{"apiVersion":"networking.istio.io/v1","kind":"VirtualService",' +
    '"metadata":{"name":"wisdom","namespace":"models","annotations":{},"labels":{"x":"2","y":"1"}},' +
    '"spec":{"a":null,"b":[{"c":2,"d":1}]}}';
  t.is(JSON.stringify(orderKeys(manifest)), text);
  t.is(JSON.stringify(orderKeys(shuffle(manifest) as typeof manifest)), text);
});

test('only the keys of metadata are ranked: a name in a spec is a key like any other', (t) => {
  const spec = { namespace: 'a', name: 'b', kind: 'c', apiVersion: 'd' };
  t.is(
    JSON.stringify(orderKeys({ ...manifest, spec }).spec),
    '{"apiVersion":"d","kind":"c","name":"b","namespace":"a"}',
  );
});

test('a key that JavaScript has a meaning for is one like any other', (t) => {
  const text = '{"__proto__":{"b":1,"a":{"__proto__":2}}}';
  t.is(toCanonicalText(JSON.parse(text)), '{"__proto__":{"a":{"__proto__":2},"b":1}}');
});

test('the canonical text of a value does not depend on the order of keys, and has all of it', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (one) => {
      const value = JSON.parse(JSON.stringify(one)) as unknown;
      t.is(toCanonicalText(shuffle(value)), toCanonicalText(value));
      // Two values with the same text are therefore the same value.
      t.deepEqual(JSON.parse(toCanonicalText(value)), value);
    }),
  );
});
