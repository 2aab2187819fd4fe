/** The flags and the environment of `model-mirror watch`, as far as they say where changes are posted. */
import test from 'ava';
import { toWatchSettings } from '../../src/cli/watch/settings.ts';
import { Fault } from '../../src/core/diagnostics/fault.ts';

const flags = {
  repo: 'https://git.example.com/ml/deployments',
  settle: '5s',
  batchWindow: '500ms',
  gitInterval: '30s',
  watchTimeout: '30s',
  author: 'bot <bot@example.com>',
  argocdNamespace: 'argocd',
  argocdInstanceLabel: 'app.kubernetes.io/instance',
};

test('changes are posted where a flag says, or else the environment', (t) => {
  const read = (more: object, environment: Record<string, string> = {}) => {
    const { notify, pages } = toWatchSettings({ ...flags, ...more }, environment);
    return [notify?.url.href, notify?.format, pages];
  };
  t.deepEqual(read({}), [undefined, undefined, undefined]);
  t.deepEqual(read({ notifyUrl: 'http://receiver.ml.svc:8080/x' }), [
    'http://receiver.ml.svc:8080/x',
    'json',
    undefined,
  ]);
  const environment = {
    MODEL_MIRROR_NOTIFY_URL: 'https://hooks.example.com/a?b=c',
    MODEL_MIRROR_NOTIFY_FORMAT: 'slack',
    MODEL_MIRROR_PAGES_URL: 'https://mirrors.example.com/west//',
  };
  t.deepEqual(read({}, environment), ['https://hooks.example.com/a?b=c', 'slack', 'https://mirrors.example.com/west']);
  t.deepEqual(read({ notifyFormat: 'json' }, environment)[1], 'json');
});

test('an address that cannot be posted to is refused, and not shown', (t) => {
  for (const address of [
    'SECRET',
    'ftp://hooks.example.com/SECRET',
    'https://',
    'javascript:SECRET',
    'https://a b/SECRET',
    'https://user:%SECRET@hooks.example.com/',
  ]) {
    const error = t.throws(() => toWatchSettings({ ...flags, notifyUrl: address }, {}), { instanceOf: Fault });
    t.notRegex(`${error?.message} ${error?.hint}`, /SECRET|ftp:|javascript/, address);
  }
  t.throws(() => toWatchSettings({ ...flags, notifyUrl: 'https://a/' }, { MODEL_MIRROR_NOTIFY_FORMAT: 'xml' }), {
    instanceOf: Fault,
    message: /"xml" is not a format/,
  });
  for (const pagesUrl of [
    'mirrors',
    'https://user:password@mirrors.example.com',
    'https://mirrors.example.com/?a=b',
    'https://mirrors.example.com/?',
    'https://mirrors.example.com/#',
  ])
    t.throws(() => toWatchSettings({ ...flags, pagesUrl }, {}), {
      instanceOf: Fault,
      message: /is not an address of the watcher's pages/,
    });
});
