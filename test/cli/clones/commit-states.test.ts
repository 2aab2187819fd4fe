import { testCommits, testDryRuns } from './commits.ts';
import { dryStates, states } from './states.ts';

testCommits(states);
testDryRuns(dryStates);
