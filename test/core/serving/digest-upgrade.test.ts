import test from 'ava';
import type { VersionStatus } from '../../../src/core/input/schema.ts';
import { toRenderedDigest, upgradeStatus } from '../../../src/core/serving/digest-upgrade.ts';
import { modelMesh } from '../../../src/core/serving/modelmesh/modelmesh.ts';
import { standard } from '../../../src/core/serving/standard/standard.ts';

const version = {
  version: { name: 'wisdom-1' },
  digest: 'd2-00112233445566778899aabbccddeeff',
  loaded: 'd2-0123456789abcdef',
};

const ready: VersionStatus = { name: 'wisdom-1', state: 'Ready', digest: version.digest };
/** As 0.1.0 wrote it, of the same spec. */
const oldDigest = '00112233445566778899aabbccddeeff';
const former: VersionStatus = { ...ready, digest: oldDigest };

const upgrade = (recorded: VersionStatus, mode = modelMesh) =>
  upgradeStatus({ candidates: [recorded] }, [version], mode).candidates[0]?.digest;

test('a digest counts only while what is loaded is what it says', (t) => {
  for (const mode of [modelMesh, standard]) {
    t.is(upgrade({ ...ready, loaded: version.loaded }, mode), version.digest);
    // The annotation stays when somebody edits the live object.
    t.is(upgrade({ ...ready, loaded: 'd2-fedcba9876543210' }, mode), undefined);
  }
});

test('a Ready that 0.1.0 recorded counts only where it looked at what runs the version', (t) => {
  t.is(upgrade(ready), version.digest);
  t.is(upgrade(former), version.digest);
  t.is(upgrade(ready, standard), undefined);
  t.is(upgrade(former, standard), oldDigest);
  t.is(upgrade({ ...ready, state: 'Loading' }, standard), version.digest);
});

test('a status file changes no digest that is rendered where another one restarts pods', (t) => {
  const status = { primary: former, candidates: [] };
  t.is(toRenderedDigest(version, status, modelMesh), oldDigest);
  t.is(toRenderedDigest(version, status, standard), version.digest);
});
