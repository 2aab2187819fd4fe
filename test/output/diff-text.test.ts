import test from 'ava';
import { toDiffText } from '../../src/output/diff-text.ts';

test('lines that differ, with three around them', (t) => {
  t.is(
    toDiffText('a.yaml', '1\n2\n3\n4\n5\n6\n7\n8\n9\n', '1\n2\n3\n4\nfive\n6\n7\n8\n9\n'),
    '--- a.yaml\n+++ a.yaml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
  );
});

test('a new file, and one without a final line end', (t) => {
  t.is(toDiffText('a.yaml', undefined, '1\n2\n'), '--- /dev/null\n+++ a.yaml\n@@ -0,0 +1,2 @@\n+1\n+2\n');
  t.is(
    toDiffText('a.yaml', '1\n2', '1'),
    '--- a.yaml\n+++ a.yaml\n@@ -1,2 +1,1 @@\n-1\n-2\n\\ No newline at end of file\n+1\n\\ No newline at end of file\n',
  );
});

test('nothing that a terminal obeys, and no credentials', (t) => {
  const text = toDiffText('a.yaml', '\u001b[31m\tx\u009b\r\n', '\u001b[2Jhttps://a:b@c/d\r\n');
  t.is(text, '--- a.yaml\n+++ a.yaml\n@@ -1,1 +1,1 @@\n-\\u001b[31m\tx\\u009b\n+\\u001b[2Jhttps://…@c/d\n');
});

test('colours where they are wanted', (t) => {
  const text = toDiffText('a', '1\n', '2\n', (format, part) => `<${format}>${part}`);
  t.is(text, '<bold>--- a\n<bold>+++ a\n<cyan>@@ -1,1 +1,1 @@\n<red>-1\n<green>+2\n');
});
