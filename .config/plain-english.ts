/**
 * Phrases that read like a translation, and what to write instead: they must not come back into code, comments, messages,
 * tests or documents. A pattern belongs here only if nothing that it finds is good English: there are no exceptions.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const phrases: readonly (readonly [pattern: string, instead: string])[] = [
  [String.raw`\bmend(?:s|ed|ing)?\b`, 'fix'],
  [String.raw`\banew\b`, 'again, or a verb with re-'],
  [String.raw`\btold\b(?! (?:apart|to|otherwise)\b)`, 'reported, shown, named'],
  [String.raw`\bspeaks? of\b`, 'names, is about'],
  [String.raw`(?<!\bconst )\bsa(?:ys|id) of\b`, 'reports about, describes'],
  [String.raw`\b(?:lies?|lay|lain|lying) (?:in|at|above|around|behind|below|beside|outside|under|within)\b`, 'is in'],
  [String.raw`\bown accord\b`, 'automatically'],
  [String.raw`\bfor want of\b`, 'because there is no'],
  [String.raw`\bc(?:omes?|ame) (?:by(?! (?:now|then)\b)|to be\b|into being\b)`, 'is created by, becomes'],
  [String.raw`\b(?:without a word|in silence)\b`, 'silently'],
  [String.raw`\bunasked\b`, 'without being asked, by default'],
  [String.raw`\bnobody gets\b`, 'is discarded'],
  [String.raw`\b(?:a|one) (?:file|folder|line|page|row|word) an? (?:\w+)\b`, 'one … per …'],
  [String.raw`\bstand-?ins?\b`, 'fake'],
  [String.raw`\b(?:has|have|had) (?:a|any|no) say\b`, 'counts, affects'],
  [String.raw`\bseen to (?:be|have|do)\b`, 'observed'],
  [String.raw`\bnothing (?:is )?to be (?:done|said|seen|read|told)\b`, 'nothing to do, no …'],
  [String.raw`\basks? git\b`, 'runs git, reads, fetches'],
  [String.raw`\b(?:forsaken?|aught|nought|thereof|whereof|therein|wherein|eldest)\b`, 'a word of this century'],
];

const places = [
  'src',
  'test',
  'docs',
  'plugin',
  'plugin.yaml',
  '.changeset',
  '.config',
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
];
const own = '.config/plain-english.ts';
const binary = /\.(?:png|gz|pack|pem)$/;

const listed = execFileSync('git', ['ls-files', '-z', '--', ...places], { encoding: 'utf8' });
const files = listed.split('\0').filter((file) => file !== '' && file !== own && !binary.test(file));
let count = 0;
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  for (const [pattern, instead] of phrases)
    for (const { 0: found, index } of text.matchAll(
      new RegExp(pattern.replaceAll(' ', String.raw`(?:\s+(?:\*|//|#)?\s*)`), 'gi'),
    )) {
      const line = text.slice(0, index).split('\n').length;
      process.stderr.write(`${file}:${line}: ${JSON.stringify(found)}; write: ${instead}\n`);
      count++;
    }
}
process.stderr.write(`${files.length} files read, ${count} phrases found\n`);
process.exitCode = files.length === 0 || count > 0 ? 1 : 0;
