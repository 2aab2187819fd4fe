import test from 'ava';
import type { ModelState } from '../../src/core/input/schema.ts';
import { attentionCodes, isUrgent, toAttention } from '../../src/core/observe/attention.ts';
import { modelsPerPage, parseModelsQuery, pickModels, toModelsAddress } from '../../src/output/models-query.ts';
import type { ListedModel } from '../../src/output/watched-models.ts';

type Status = NonNullable<ListedModel['status']>;
type Verdict = NonNullable<Status['candidates'][number]['verdict']>;

const toStatus = (primary: ModelState, candidate?: ModelState, percentage?: number, verdict?: string): Status => ({
  primary: { name: 'm-0', state: primary },
  candidates:
    candidate === undefined
      ? []
      : [
          {
            ...{ name: 'm-1', state: candidate },
            ...(percentage === undefined ? {} : { mirror: { percentage } }),
            ...(verdict === undefined ? {} : { verdict: { verdict } as Verdict }),
          },
        ],
});

const toListed = (name: string, status: Status | undefined, namespace: string | undefined = 'models'): ListedModel => ({
  ...{ name, namespace, status, file: `${name}/model.yaml` },
  attention: toAttention(status),
});

const pick = (models: readonly ListedModel[], query: string) =>
  pickModels(models, parseModelsQuery(new URLSearchParams(query)));
const toNames = (models: readonly ListedModel[], query: string) => pick(models, query).models.map(({ name }) => name);

test('what of a model needs attention', (t) => {
  t.is(toAttention(undefined), 'primary-not-ready');
  t.is(toAttention(toStatus('Ready')), 'idle');
  t.is(toAttention(toStatus('Loading')), 'primary-not-ready');
  t.is(toAttention(toStatus('Failed')), 'failed');
  t.is(toAttention(toStatus('Ready', 'Failed')), 'failed');
  t.is(toAttention(toStatus('Ready', 'Loading')), 'waiting');
  t.is(toAttention(toStatus('Ready', 'Ready')), 'closed');
  t.is(toAttention(toStatus('Ready', 'Ready', 0)), 'closed');
  t.is(toAttention(toStatus('Ready', 'Ready', 5)), 'mirrored');
  t.is(toAttention(toStatus('Ready', 'Ready', undefined, 'Failing')), 'failing');
  t.is(toAttention(toStatus('Ready', 'Ready', 5, 'Unknown')), 'unknown');
  t.deepEqual(attentionCodes.filter(isUrgent), ['failing', 'failed', 'primary-not-ready', 'unknown']);
});

const some = [
  toListed('idle', toStatus('Ready')),
  toListed('open', toStatus('Ready', 'Ready', 5, 'Passing')),
  toListed('failing', toStatus('Ready', 'Ready', undefined, 'Failing')),
  toListed('broken', toStatus('Ready', 'Failed')),
  toListed('unseen', undefined, 'other'),
];

test('the most urgent come first, whatever the order', (t) => {
  const expected = ['failing', 'broken', 'unseen', 'open', 'idle'];
  t.deepEqual(toNames(some, ''), expected);
  t.deepEqual(toNames(some.toReversed(), ''), expected);
});

test('groups and names narrow it, and the counts are of all groups', (t) => {
  t.deepEqual(toNames(some, 'state=urgent'), ['failing', 'broken', 'unseen']);
  t.deepEqual(toNames(some, 'state=candidate'), ['failing', 'broken', 'open']);
  t.deepEqual(toNames(some, 'state=mirrored'), ['open']);
  t.deepEqual(toNames(some, 'state=passing'), ['open']);
  t.deepEqual(toNames(some, 'q=OTHER/'), ['unseen']);
  t.deepEqual(toNames(some, 'q=models&state=urgent'), ['failing', 'broken']);
  t.deepEqual(pick(some, 'q=models&state=urgent').counts, { all: 4, urgent: 2, candidate: 3, mirrored: 1, passing: 1 });
});

test('each model is on one page, and a page after the last is the last', (t) => {
  const many = Array.from({ length: 2 * modelsPerPage + 1 }, (_, i) => toListed(`m${i}`, toStatus('Ready')));
  const pages = [1, 2, 3].map((page) => toNames(many, `page=${page}`));
  t.deepEqual(
    pages.map(({ length }) => length),
    [modelsPerPage, modelsPerPage, 1],
  );
  t.is(new Set(pages.flat()).size, many.length);
  const { query, pages: count, models } = pick(many, 'page=99');
  t.deepEqual([query.page, count, models.length], [3, 3, 1]);
  t.deepEqual(pick([], 'page=2').pages, 1);
});

test('an address gives its own query back', (t) => {
  for (const query of ['', 'q=a%26b%3D%22%2F%C3%A9', 'state=mirrored', 'q=x&state=urgent&page=7']) {
    const parsed = parseModelsQuery(new URLSearchParams(query));
    const [, again = ''] = toModelsAddress(parsed).split('?');
    t.deepEqual(parseModelsQuery(new URLSearchParams(again)), parsed);
  }
  t.is(toModelsAddress(parseModelsQuery(new URLSearchParams())), './');
});
