/** What is reported of a pack that cannot be read: it is fetched again. */
import { safe } from '../../../core/diagnostics/safe-text.ts';
import { BranchTrouble } from '../../../core/ports/watch.ts';

type Defect =
  | 'it is cut off'
  | 'it does not begin as one'
  | 'its checksum is another one'
  | 'there is more behind its end'
  | 'the length of an object is another one'
  | 'an object has no type'
  | 'an object is not compressed data'
  | 'a difference refers to nothing'
  | 'a difference does not fit its base';

export function toBrokenPack(defect: Defect): BranchTrouble {
  return new BranchTrouble('unreachable', safe`the git server sent a pack that is broken: ${defect}`);
}
