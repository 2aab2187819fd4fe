import test from 'ava';
import { upgradeStatus } from '../../../src/core/serving/digest-upgrade.ts';

const version = {
  version: { name: 'wisdom-1' },
  digest: 'd2-00112233445566778899aabbccddeeff',
  loaded: 'd2-0123456789abcdef',
};

test('a digest counts only while what is loaded is what it says', (t) => {
  const ready = { name: 'wisdom-1', state: 'Ready' as const, digest: version.digest };
  const upgrade = (loaded: string) =>
    upgradeStatus({ candidates: [{ ...ready, loaded }] }, [version]).candidates[0]?.digest;
  t.is(upgrade(version.loaded), version.digest);
  // The annotation stays when somebody edits the live object.
  t.is(upgrade('d2-fedcba9876543210'), undefined);
});
