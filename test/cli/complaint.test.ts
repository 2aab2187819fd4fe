import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { toComplaint } from '../../src/cli/demo/complaint.ts';
import { personal, runInProcess } from './in-process.ts';

test('that a new folder has no model is nothing wrong, as long as clients have sent nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'model-mirror-complaint-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { code, err } = await runInProcess(folder, personal, ['render', '.']);
  t.is(code, 1);
  t.false(toComplaint(err, 0).isWrong);
  t.false(toComplaint(err, 0).text.includes('error'));
  // The last one was removed.
  t.true(toComplaint(err, 1).isWrong);
  t.true(toComplaint(err, 1).text.includes(err.trimEnd()));
});

test('a first model that is refused is wrong', (t) => {
  t.true(toComplaint('model.yaml:1:1: error: kind is missing [missing-field]', 0).isWrong);
});
