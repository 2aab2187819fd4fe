/** The watcher with a GitHub App and a key that signs: both are named in its log, and no secret is. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { startKubernetes } from '../../src/demo/fakes/kubernetes/api.ts';
import { systemClock } from '../../src/io/process/clock.ts';
import { loaded, loading } from '../core/observe/live-objects.ts';
import { readSignature, splitCommit } from '../io/git/signing/read-signature.ts';
import { FakeGithub } from '../io/git/transports/fake-github.ts';
import { toManifests, toModelText, until, WatchScene } from './watch-scene.ts';

const signingKey = join(import.meta.dirname, '../io/git/signing/keys/ed25519');

test('a GitHub App that is suspended for a while, and a signing key', async (t) => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const github = new FakeGithub(publicKey, systemClock.date);
  await github.listen(t);
  github.fails = { status: 403, message: 'This installation has been suspended' };
  github.repositories = ['repo'];
  const cluster = await startKubernetes();
  const scene = await WatchScene.start(t, { cluster, username: 'x-access-token', password: github.tokenOf(0) });
  const folder = join(scene.folder, 'app');
  mkdirSync(folder);
  const files = { 'app-id': '1234', 'installation-id': '77', 'private-key': pem, 'api-url': `${github.url}/api/v3` };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  await scene.commit({ 'models/wisdom/model.yaml': toModelText('wisdom') });
  for (const manifest of toManifests('wisdom', 'models/wisdom')) await cluster.apply(manifest);
  await cluster.patchStatus('inferenceservices', 'models', 'wisdom-0', loaded);
  await cluster.patchStatus('inferenceservices', 'models', 'wisdom-1', loading);

  const watcher = scene.watch(['--git-credentials', folder, '--signing-key', signingKey]);
  const said = (text: string) => until(text, () => watcher.output.includes(text));
  await said('installation 77 of GitHub App 1234 is suspended: an owner');
  github.fails = undefined;
  await until('Loading is recorded', async () =>
    (await scene.show('models/wisdom/status.yaml')).includes('state: Loading'),
  );
  t.regex(
    watcher.output,
    /"message":"watching".*"credentials":"GitHub App 1234","signingKey":"ed25519 SHA256:[^"]{43}"/,
  );
  const { signature, content } = splitCommit(await scene.git('cat-file', 'commit', 'main'));
  t.true(readSignature(signature, Buffer.from(content)).isGood);
  const all = watcher.output + (await scene.git('log', '-p', '--format=fuller', 'main'));
  const lines = `${pem}${readFileSync(signingKey, 'utf8')}`.split('\n').filter((line) => /^[\w+/=]{16,}$/.test(line));
  t.true(lines.length > 20 && github.jwts.length > 0);
  for (const secret of [...github.tokens, ...github.jwts, ...lines]) t.false(all.includes(secret));

  writeFileSync(join(folder, 'token'), 'another-kind');
  const second = scene.watch(['--git-credentials', folder]);
  t.is(await second.ended, 2);
  t.regex(second.output, /git credentials of two kinds: a token \(token\) and GitHub App 1234 \(app-id\)/);
  const third = scene.watch([], { MODEL_MIRROR_SIGNING_KEY: join(folder, 'token') });
  t.is(await third.ended, 2);
  t.regex(third.output, /does not hold a private key/);
  t.notRegex(second.output + third.output, /another-kind/);
});
