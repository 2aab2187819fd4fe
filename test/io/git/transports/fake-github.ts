/**
 * GitHub's endpoint for installation tokens, over a real socket. It checks the JSON Web Token as GitHub documents it
 * ("Generating a JSON Web Token (JWT) for a GitHub App"), and fails with the statuses and texts that users of GitHub
 * report.
 */
import type { KeyObject } from 'node:crypto';
import { verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Token {
  readonly token: string;
  readonly expires_at: string;
  readonly repositories: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
}

export class FakeGithub {
  readonly publicKey: KeyObject;
  readonly date: () => number;
  apps: readonly (string | number)[] = [1234, 'Iv23liExample'];
  repositories = ['deployments'];
  permissions: Readonly<Record<string, string>> = { contents: 'write', metadata: 'read' };
  /** How far its clock is ahead, in seconds. */
  ahead = 0;
  /** In place of any answer of its own. */
  fails: Answer | undefined;
  /** How many requests it has answered. */
  requests = 0;
  /** Each resolves a request that waits; undefined: none waits. */
  held: (() => void)[] | undefined;
  readonly tokens: string[] = [];
  readonly jwts: string[] = [];
  url = '';

  constructor(publicKey: KeyObject, date: () => number) {
    this.publicKey = publicKey;
    this.date = date;
  }

  /** The newest token. */
  get token(): string {
    return this.tokens.at(-1) ?? 'none';
  }

  /** The one that it gives after so many others. */
  tokenOf(count: number): string {
    return `ghs_${String(count).padStart(36, 'x')}`;
  }

  async listen(t: ExecutionContext): Promise<void> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      this.requests++;
      if (this.held !== undefined) await new Promise<void>((resolve) => this.held?.push(resolve));
      const body = Buffer.concat(chunks).toString();
      const answer =
        this.fails ?? this.#answer(`${request.method} ${request.url}`, request.headers.authorization, body);
      const date = new Date((this.date() + this.ahead) * 1000).toUTCString();
      const { status, message, headers, ...rest } = { message: undefined, headers: {}, ...answer };
      response
        .writeHead(status, { 'content-type': 'application/json', date, ...headers })
        .end(JSON.stringify(message === undefined ? rest : { message, documentation_url: 'https://docs.github.com' }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => {
      server.close();
      server.closeAllConnections();
    });
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  #answer(line: string, authorization: string | undefined, body: string): Answer | (Token & { readonly status: 201 }) {
    const jwt = authorization?.replace(/^Bearer /, '') ?? '';
    this.jwts.push(jwt);
    const [header = '', claims = '', signature = ''] = jwt.split('.');
    const content = Buffer.from(`${header}.${claims}`);
    const undecoded = { status: 401, message: 'A JSON web token could not be decoded' };
    const parse = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
    if (parse(header)['alg'] !== 'RS256') return undecoded;
    const { iss, iat, exp } = parse(claims);
    if (!this.apps.includes(iss as string | number)) return { status: 404, message: 'Integration not found' };
    if (!verify('sha256', content, this.publicKey, Buffer.from(signature, 'base64url'))) return undecoded;
    const now = this.date() + this.ahead;
    if (!Number.isInteger(iat) || Number(iat) > now)
      return {
        status: 401,
        message: "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
      };
    if (!Number.isInteger(exp) || Number(exp) <= now)
      return {
        status: 401,
        message:
          "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
      };
    if (Number(exp) > now + 600)
      return { status: 401, message: "'Expiration time' claim ('exp') is too far in the future" };
    if (line !== 'POST /api/v3/app/installations/77/access_tokens') return { status: 404, message: 'Not Found' };
    const wish = JSON.parse(body) as { repositories: string[]; permissions: Record<string, string> };
    if (!wish.repositories.every((name) => this.repositories.includes(name)))
      return {
        status: 422,
        message:
          'There is at least one repository that does not exist or is not accessible to the parent installation.',
      };
    if (Object.entries(wish.permissions).some(([name, right]) => this.permissions[name] !== right))
      return { status: 422, message: 'The permissions requested are not granted to this installation.' };
    const token = this.tokenOf(this.tokens.length);
    this.tokens.push(token);
    const end = new Date((now + 3600) * 1000).toISOString().replace('.000', '');
    return { status: 201, token, expires_at: end, ...wish };
  }
}
