import test from 'ava';
import type { FollowedService } from '../../../src/core/observe/freshness.ts';
import { follow } from '../../../src/core/observe/freshness.ts';
import { toService } from './live-objects.ts';

/** An InferenceService in Standard mode whose spec was written at this time. */
function toSeen(time: string, more: { digest?: string; storageUri?: string; stamp?: string } = {}) {
  const { digest = 'd2', storageUri = 's3://a', stamp = '2026-01-01T00:00:01Z' } = more;
  return toService({
    digest,
    storageUri,
    generation: 2,
    createdAt: '2026-01-01T00:00:00Z',
    annotations: { 'serving.kserve.io/deploymentMode': 'Standard' },
    status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: stamp }] },
    managedFields: [{ manager: 'argocd-controller', operation: 'Apply', time, fieldsV1: { 'f:spec': { 'f:a': {} } } }],
  });
}

const followAll = (...states: ReturnType<typeof toSeen>[]) =>
  states.reduce<FollowedService | undefined>((before, live) => follow(before, live), undefined)?.since;

test('a first look allows for the clocks of API servers', (t) => {
  t.is(followAll(toSeen('2026-01-01T10:00:07Z')), '2026-01-01T10:00:02Z');
  t.is(followAll(toSeen('2026-01-01T10:00:02Z')), '2026-01-01T09:59:57Z');
  t.is(followAll(toSeen('2026-01-01T00:00:02Z')), '2026-01-01T00:00:00Z');
  t.is(followAll(toSeen('whenever')), 'whenever');
});

test('what is edited under its digest counts from the second in which it is put back', (t) => {
  const [first, edited] = [toSeen('2026-01-01T10:00:07Z'), toSeen('2026-01-01T10:01:00Z', { storageUri: 's3://b' })];
  const later = { stamp: '2026-01-01T10:01:01Z' };
  const [reported, healed] = [
    toSeen('2026-01-01T10:01:00Z', { storageUri: 's3://b', ...later }),
    toSeen('2026-01-01T10:02:00Z', later),
  ];
  t.is(followAll(first, edited), '2026-01-01T10:01:00Z');
  t.is(followAll(first, edited, reported, healed), '2026-01-01T10:02:00Z');
  // KServe has written no status of what was there in between.
  t.is(followAll(first, edited, toSeen('2026-01-01T10:02:00Z')), '2026-01-01T10:00:02Z');
  // A list after a gap shows none of it but the times.
  t.is(followAll(first, healed), '2026-01-01T10:01:55Z');
});

test('another digest proves what it is with', (t) => {
  const created = follow(undefined, { ...toSeen('2026-01-01T10:00:00Z'), isFirst: 'yes' });
  t.is(created.since, undefined);
  const next = toSeen('2026-01-01T10:01:00Z', { digest: 'd3', storageUri: 's3://b' });
  t.is(follow(created, next).since, undefined);
  t.is(follow(follow(undefined, toSeen('2026-01-01T10:00:07Z')), next).since, '2026-01-01T10:00:55Z');
});
