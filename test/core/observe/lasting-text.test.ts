import test from 'ava';
import fc from 'fast-check';
import { toLastingText } from '../../../src/core/observe/lasting-text.ts';
import { anyCharacter } from '../../any-character.ts';

for (const [title, said, kept] of [
  ['a time', 'failed at 2026-11-22T10:11:12.345Z', 'failed at <time>'],
  ['an address', 'dial tcp 10.1.2.3:8033: refused', 'dial tcp <address>: refused'],
  ['an IPv6 address', 'dial tcp [fd00:10:244::1:5]:8033: refused', 'dial tcp <address>: refused'],
  ['a pod', 'in modelmesh-serving-mlserver-1.x-5d4f8c7b9f-x2x4z', 'in modelmesh-serving-mlserver-1.x-<pod>'],
  ['an id', 'trace 6f9619ff-8b86-4011-b42d-00c04fc964ff', 'trace <id>'],
  ['a hash', 'revision wisdom-1__isvc-6b2eb0b8bf9a41c5', 'revision wisdom-1__isvc-<id>'],
  ['a duration', 'gave up after 12.5s', 'gave up after <duration>'],
  ['a count of attempts', 'attempt 17 failed', 'attempt <n> failed'],
  ['line ends', 'one\n  two\r\n', 'one two'],
  ['the signature of a URI', 'GET https://s3.local/m.bin?X-Sig=abc#x failed', 'GET https://s3.local/m.bin failed'],
  ['the user of a URI', 'GET https://key:secret@s3.local/m.bin', 'GET https://…@s3.local/m.bin'],
  ['a password', 'login with password=hunter2 refused', 'login with password=… refused'],
  ['a bearer', 'Authorization: Bearer abc.def refused', 'Authorization: Bearer … refused'],
] as const)
  test(`what passes is not kept: ${title}`, (t) => {
    t.is(toLastingText(said) as string, kept);
  });

/** As ModelMesh wrote them for one failure that it tried again and again, the last one of AWS itself. */
const retries = [
  "Failed to pull model from storage due to error: unable to list objects in bucket 'models': AccessDenied: Access Denied.\n\tstatus code: 403, request id: REQ1795646817904999776, host id: ",
  "Failed to pull model from storage due to error: unable to list objects in bucket 'models': AccessDenied: Access Denied.\n\tstatus code: 403, request id: REQ1795646843282319943, host id: ",
  "io.grpc.StatusRuntimeException: UNKNOWN: Failed to pull model from storage due to error: unable to list objects in bucket 'models': AccessDenied: Access Denied.\n\tstatus code: 403, request id: REQ1795646867298188326, host id: ",
  "Failed to pull model from storage due to error: unable to list objects in bucket 'models': AccessDenied: Access Denied.\n\tstatus code: 403, request id: 3BWXPQBZ4F9ZKD1T, host id: eftixk72aD6Ap51TnqcoF8eFidJG9Z/2mkiDFu8yU9AS1ed4OpIszj7UDNEHGran==",
];

test('the same failure, tried again, is the same text', (t) => {
  t.deepEqual([...new Set(retries.map(toLastingText))] as string[], [
    "Failed to pull model from storage due to error: unable to list objects in bucket 'models': AccessDenied: Access Denied. status code: 403, request id: <id>, host id: <id>",
  ]);
});

test('what carries a failure is cut, and what it is about is not', (t) => {
  const said = 'INTERNAL: Failed to load Model due to MLServer runtime error: rpc error: code = Internal';
  t.is(toLastingText(said) as string, said);
  for (const wrapping of [
    'java.util.concurrent.ExecutionException: io.grpc.StatusRuntimeException: UNKNOWN: ',
    'java.lang.IllegalStateException: ',
    'UNKNOWN: ',
  ])
    t.is(toLastingText(`${wrapping}no such file`) as string, 'no such file');
});

test('what a model’s failure is about is kept', (t) => {
  const said = "Failed to pull model from storage: no object 'sklearn/mnist-svm-v2.joblib' in bucket 'models' (404)";
  t.is(toLastingText(said) as string, said);
});

test('a text is one short line, and lasts', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 2000 }), (text) => {
      const kept = toLastingText(text);
      t.true(kept.length <= 300);
      t.false(/[\n\r\u2028\u2029]/.test(kept));
      t.is(toLastingText(text), kept);
    }),
  );
});
