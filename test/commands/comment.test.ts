import test from 'ava';
import type { CommentRequest } from '../../src/commands/comment.ts';
import { keepComment } from '../../src/commands/comment.ts';
import type { ReviewComment, ReviewComments } from '../../src/core/ports/review-comments.ts';
import { NotAllowed } from '../../src/core/ports/review-comments.ts';

const marker = '<!-- report -->';

class MemoryComments implements ReviewComments {
  readonly all: ReviewComment[] = [];

  list(): Promise<readonly ReviewComment[]> {
    return Promise.resolve(this.all);
  }

  create(body: string): Promise<string> {
    const id = this.all.length + 1;
    this.all.push({ id, body, isOwn: true });
    return Promise.resolve(`#${id}`);
  }

  update(id: number, body: string): Promise<string> {
    this.all[id - 1] = { id, body, isOwn: true };
    return Promise.resolve(`#${id}`);
  }
}

const toRequest = (text: string, isWithoutChanges = false): CommentRequest => ({
  text: `${marker}\n${text}`,
  marker,
  isWithoutChanges,
});

test('the first report is a new comment, and later ones replace it', async (t) => {
  const comments = new MemoryComments();
  comments.all.push({ id: 1, body: `${marker}\nby somebody else`, isOwn: false });
  comments.all.push({ id: 2, body: 'own, but no report', isOwn: true });
  t.deepEqual(await keepComment(toRequest('one'), comments), { code: 'written', address: '#3' });
  comments.all.push({ id: 4, body: 'later', isOwn: false });
  t.deepEqual(await keepComment(toRequest('two'), comments), { code: 'written', address: '#3' });
  t.deepEqual(
    comments.all.map(({ body }) => body),
    [`${marker}\nby somebody else`, 'own, but no report', `${marker}\ntwo`, 'later'],
  );
});

test('a report without changes replaces a comment, but starts none', async (t) => {
  const comments = new MemoryComments();
  t.deepEqual(await keepComment(toRequest('', true), comments), { code: 'nothing-to-report' });
  t.deepEqual(comments.all, []);
  await keepComment(toRequest('one'), comments);
  t.deepEqual(await keepComment(toRequest('', true), comments), { code: 'written', address: '#1' });
  t.is(comments.all.length, 1);
});

test('a token without the right to comment is a result, and every other failure is thrown', async (t) => {
  const comments = new MemoryComments();
  comments.create = () => Promise.reject(new NotAllowed('403'));
  t.deepEqual(await keepComment(toRequest('one'), comments), { code: 'not-allowed', reason: '403' });
  comments.create = () => Promise.reject(new Error('500'));
  await t.throwsAsync(keepComment(toRequest('one'), comments), { message: '500' });
});
