/**
 * The seed of all properties, loaded first in each test process: the same in every run, so that a test that fails once fails again
 * and one that passed does not fail by chance. MODEL_MIRROR_SEED takes another one, to try other values.
 */
import fc from 'fast-check';

const given = process.env['MODEL_MIRROR_SEED'] ?? '1';
if (!/^-?\d{1,9}$/.test(given))
  throw new Error(`MODEL_MIRROR_SEED=${given}: expected a whole number of nine digits at most`);
fc.configureGlobal({ seed: Number(given) });
