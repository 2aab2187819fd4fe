import { clones } from './clones.ts';
import { testCommits } from './commits.ts';

testCommits(Object.entries(clones));
