import { pick } from '../../thorough.ts';
import { clones } from './clones.ts';
import { testCommits } from './commits.ts';

testCommits(pick(Object.entries(clones), 4));
