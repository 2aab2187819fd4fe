import { testCommits } from './commits.ts';
import { states } from './states.ts';

testCommits(states);
