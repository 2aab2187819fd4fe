import test from 'ava';
import { findExpressions, readSafe } from '../../.config/regexes.ts';

test('every regular expression of src is known to run in linear time: npm run regexes', async (t) => {
  const safe = new Set(readSafe());
  const found = await findExpressions();
  t.true(found.length > 100);
  t.deepEqual(
    found.filter(({ literal }) => literal === undefined || !safe.has(literal)),
    [],
  );
});
