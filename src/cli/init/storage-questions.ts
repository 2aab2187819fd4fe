import { refuseAddress } from '../../commands/init/answers.ts';
import type { ModelAnswers } from '../../commands/init/model.ts';
import type { ServingMode } from '../../core/serving/serving-mode.ts';
import type { Asker } from './asker.ts';

type Storage = Pick<ModelAnswers, 'storageUri' | 'storageKey' | 'storagePath'>;

/** @returns what was given, and what was missing of it. */
export async function askStorage(ask: Asker, given: Storage, mode: ServingMode): Promise<Storage> {
  if (given.storageUri !== undefined) return given;
  const isNamed = given.storageKey !== undefined || given.storagePath !== undefined;
  const address = {
    value: 'address',
    label: 'at an address',
    hint: mode.schemes.slice(0, 5).join('://, ').concat('://'),
  };
  const entry = {
    value: 'entry',
    label: 'in a storage that the cluster knows',
    hint: 'an entry of the Secret storage-config, and a path',
  };
  const kind = isNamed
    ? entry.value
    : await ask.choice({
        message: 'Where is this version stored?',
        help: 'kubectl get secret storage-config: with one, the cluster knows a storage.',
        options: mode.workloads !== undefined ? [address, entry] : [entry, address],
      });
  if (kind === address.value) {
    const storageUri = await ask.text({
      message: 'What is its address?',
      help: 'A folder or a file that the runtime can load.',
      example: 's3://models/wisdom-v1',
      check: (typed) => refuseAddress(typed, mode),
    });
    return { ...given, storageUri };
  }
  const askKey = () =>
    ask.text({
      message: 'What is the entry of the Secret storage-config called?',
      help: "ModelMesh's quick start has localMinIO.",
      example: 'localMinIO',
      otherwise: 'localMinIO',
      check: (typed) =>
        /^[-._a-zA-Z0-9]+$/.test(typed) ? undefined : 'use letters, digits, "-", "_" and ".", as in localMinIO',
    });
  const askPath = () =>
    ask.text({
      message: 'What is the path in that storage?',
      help: 'Below the bucket that the entry names.',
      example: 'sklearn/wisdom-v1',
      check: (typed) =>
        /^[a-z][-+.a-z0-9]*:\/\//.test(typed) || /\s/.test(typed)
          ? 'write the path alone, without bucket and spaces, as in sklearn/wisdom-v1'
          : undefined,
    });
  const storageKey = given.storageKey ?? (await askKey());
  return { ...given, storageKey, storagePath: given.storagePath ?? (await askPath()) };
}
