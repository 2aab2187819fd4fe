/**
 * Fakes of the REST APIs of GitHub, Gitea (below /api/v1) and GitLab (below /api/v4) for comments of a pull or merge request: tokens with and without the
 * right to write, lists in pages with Link headers, and their ways of refusing.
 */
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StoredComment {
  readonly id: number;
  readonly author: Author;
  body: string;
  readonly system?: boolean;
}

interface Author {
  readonly id: number;
  readonly login: string;
  readonly type: 'Bot' | 'User';
}

export const somebody: Author = { id: 1, login: 'somebody', type: 'User' };
const actions: Author = { id: 2, login: 'github-actions[bot]', type: 'Bot' };
const robot: Author = { id: 3, login: 'robot', type: 'User' };

/** The rights of each token; any other gets a 401. */
const tokens: Readonly<
  Record<string, { readonly author: Author; readonly mayWrite: boolean; readonly isApp: boolean }>
> = {
  'job-token': { author: actions, mayWrite: true, isApp: true },
  'fork-token': { author: actions, mayWrite: false, isApp: true },
  'robot-token': { author: robot, mayWrite: true, isApp: false },
  'reader-token': { author: robot, mayWrite: false, isApp: false },
};

/** On Gitea, what a token may do is in its scopes. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  'robot-token': ['write:issue', 'read:user'],
  'issue-token': ['write:issue'],
  'repository-token': ['write:repository'],
};

interface Trouble {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly text?: string;
  /** The connection is closed before the answer has ended. */
  readonly breaksOff?: boolean;
}

interface Reply {
  readonly status: number;
  readonly value: unknown;
  readonly link?: string;
}

export class ReviewHost {
  readonly comments: StoredComment[] = [];
  /** `POST /path` */
  readonly asked: string[] = [];
  /** Answers that are given in place of those to come; undefined for one that is as usual. */
  readonly troubles: (Trouble | undefined)[] = [];
  readonly #server = createServer(async (request, response) => {
    const { method = 'GET', url = '/' } = request;
    this.asked.push(`${method} ${url}`);
    const body = await readBody(request);
    const trouble = this.troubles.shift();
    if (trouble?.breaksOff === true) {
      response.writeHead(trouble.status, { 'content-length': 100 }).write('[', () => response.destroy());
      return;
    }
    if (trouble !== undefined) {
      response.writeHead(trouble.status, trouble.headers).end(trouble.text ?? 'trouble');
      return;
    }
    const { status, value, link } = this.#reply(method, new URL(url, this.url), request, body);
    response.writeHead(status, { 'content-type': 'application/json', ...(link === undefined ? {} : { link }) });
    response.end(value === undefined ? '' : JSON.stringify(value));
  });

  static async start(): Promise<ReviewHost> {
    const host = new ReviewHost();
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  add(author: Author, body: string, system = false): void {
    this.comments.push({ id: 1000 + this.comments.length, author, body, system });
  }

  #reply(method: string, url: URL, request: IncomingMessage, body: string): Reply {
    if (url.pathname.startsWith('/api/v1/')) return this.#replyAsGitea(method, url, request, body);
    const token = tokens[/^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''];
    if (token === undefined) return { status: 401, value: { message: 'Bad credentials' } };
    const refused = { status: 403, value: { message: 'Resource not accessible by integration' } };
    const isGitlab = url.pathname.startsWith('/api/v4/');
    const path = url.pathname.replace('/api/v4', '');
    if (path === '/user') return token.isApp ? refused : { status: 200, value: token.author };
    const list = isGitlab ? '/projects/7/merge_requests/12/notes' : '/repos/ml/deployments/issues/12/comments';
    const one = isGitlab ? `${list}/` : '/repos/ml/deployments/issues/comments/';
    if (method === 'GET' && path === list) return this.#list(url, isGitlab);
    if (!token.mayWrite) return refused;
    const { body: text } = JSON.parse(body) as { body: string };
    if (method === 'POST' && path === list) {
      this.add(token.author, text);
      return { status: 201, value: toValue(this.comments.at(-1) as StoredComment, isGitlab) };
    }
    const comment = this.comments.find(({ id }) => path === `${one}${id}`);
    if (method !== (isGitlab ? 'PUT' : 'PATCH') || comment === undefined) return { status: 404, value: {} };
    comment.body = text;
    return { status: 200, value: toValue(comment, isGitlab) };
  }

  /** As Gitea 1.26 does: its users have no type, its lists of comments no pages, and its refusal of an edit no text. */
  #replyAsGitea(method: string, url: URL, request: IncomingMessage, body: string): Reply {
    const granted = scopes[/^Bearer (.*)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''];
    if (granted === undefined) return { status: 401, value: { message: 'user does not exist [uid: 0, name: ]' } };
    const path = url.pathname.slice('/api/v1'.length);
    const category = path === '/user' ? 'user' : 'issue';
    const level = method === 'GET' ? 'read' : 'write';
    if (!granted.includes(`write:${category}`) && !granted.includes(`${level}:${category}`)) {
      const message = `token does not have at least one of required scope(s), required=[${level}:${category}], token scope=${granted.join(',')}`;
      return { status: 403, value: { message, url: `${this.url}/api/swagger` } };
    }
    if (path === '/user') return { status: 200, value: toGiteaUser(robot) };
    const list = '/repos/ml/deployments/issues/12/comments';
    if (path === list && method === 'GET') return { status: 200, value: this.comments.map(toGiteaComment) };
    const { body: text } = JSON.parse(body) as { body: string };
    if (path === list) {
      this.add(robot, text);
      return { status: 201, value: toGiteaComment(this.comments.at(-1) as StoredComment) };
    }
    const comment = this.comments.find(({ id }) => path === `/repos/ml/deployments/issues/comments/${id}`);
    if (comment === undefined) return { status: 404, value: {} };
    if (comment.author !== robot) return { status: 403, value: undefined };
    comment.body = text;
    return { status: 200, value: toGiteaComment(comment) };
  }

  /** GitHub lists the oldest first, GitLab the newest. */
  #list(url: URL, isGitlab: boolean): Reply {
    const count = Math.min(100, Number(url.searchParams.get('per_page') ?? 20));
    const page = Number(url.searchParams.get('page') ?? 1);
    const ordered = isGitlab ? this.comments.toReversed() : this.comments;
    const value = ordered.slice((page - 1) * count, page * count).map((comment) => toValue(comment, isGitlab));
    const links = [
      ...(page * count < ordered.length ? [`<https://elsewhere.example.com/?page=${page + 1}>; rel="next"`] : []),
      `<https://elsewhere.example.com/?page=1>; rel="first"`,
    ];
    return { status: 200, value, link: links.join(', ') };
  }
}

function toValue({ id, author, body, system = false }: StoredComment, isGitlab: boolean): unknown {
  return isGitlab
    ? { id, body, system, author: { id: author.id, username: author.login } }
    : { id, body, user: author, html_url: `https://github.example.com/ml/deployments/pull/12#issuecomment-${id}` };
}

function toGiteaUser({ id, login }: Author): unknown {
  return { id, login, username: login, full_name: '', is_admin: false };
}

function toGiteaComment({ id, author, body }: StoredComment): unknown {
  const html_url = `https://gitea.example.com/ml/deployments/pulls/12#issuecomment-${id}`;
  return { id, body, html_url, user: toGiteaUser(author), original_author: '' };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
