import { pick } from '../../thorough.ts';
import { testCommits, testDryRuns } from './commits.ts';
import { dryStates, states } from './states.ts';

testCommits(pick(Object.entries(states), 12));
testDryRuns(dryStates);
