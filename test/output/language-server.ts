/** The program behind YAML in VS Code, Neovim and others, asked over its own protocol as an editor asks it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(import.meta.resolve('yaml-language-server/bin/yaml-language-server'));

export interface Completion {
  readonly label: string;
  /** With places to type at, as in `${1:text}`. */
  readonly insertText: string;
}

export interface LanguageServer {
  /** @param text with a `|` where the cursor is. */
  readonly complete: (text: string) => Promise<readonly Completion[]>;
  /** What is shown for the word under the cursor. */
  readonly hover: (text: string) => Promise<string>;
  /** What is underlined. */
  readonly diagnose: (text: string) => Promise<readonly string[]>;
  readonly close: () => void;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly params?: {
    readonly items?: readonly unknown[];
    readonly uri?: string;
    readonly diagnostics?: readonly { readonly message: string }[];
  };
}

export async function startLanguageServer(): Promise<LanguageServer> {
  const child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = new Map<number | string, (value: unknown) => void>();
  const send = (message: object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    child.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  };
  const receive = ({ id, method, result, params }: Message) => {
    if (method === 'textDocument/publishDiagnostics')
      waiting.get(`diagnostics of ${params?.uri}`)?.((params?.diagnostics ?? []).map(({ message }) => message));
    else if (id !== undefined && method !== undefined) send({ id, result: params?.items?.map(() => null) ?? null });
    else if (id !== undefined) waiting.get(id)?.(result);
  };
  let kept = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]);
    for (;;) {
      const end = kept.indexOf('\r\n\r\n');
      const length = Number(/Content-Length: (\d+)/i.exec(kept.toString('utf8', 0, end))?.[1]);
      if (end < 0 || kept.length < end + 4 + length) return;
      const text = kept.toString('utf8', end + 4, end + 4 + length);
      kept = kept.subarray(end + 4 + length);
      receive(JSON.parse(text) as Message);
    }
  });
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', () => reject(new Error('yaml-language-server has ended')));
  });
  // Also when nobody waits any more.
  ended.catch(() => undefined);
  let last = 0;
  const request = (method: string, params: object) =>
    Promise.race([
      ended,
      new Promise<unknown>((resolve) => {
        const id = ++last;
        waiting.set(id, resolve);
        send({ id, method, params });
      }),
    ]);
  const open = (marked: string) => {
    const before = marked.slice(0, marked.indexOf('|')).split('\n');
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    const uri = `file:///${++last}.yaml`;
    const shown = new Promise<unknown>((resolve) => waiting.set(`diagnostics of ${uri}`, resolve));
    const text = marked.replace('|', '');
    send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'yaml', version: 1, text } },
    });
    return { at: { textDocument: { uri }, position }, shown };
  };
  const completionItem = { snippetSupport: true };
  await request('initialize', {
    processId: null,
    rootUri: null,
    capabilities: { textDocument: { completion: { completionItem }, hover: { contentFormat: ['plaintext'] } } },
  });
  send({ method: 'initialized', params: {} });
  return {
    complete: async (text) => {
      const { items } = (await request('textDocument/completion', open(text).at)) as { items: readonly Completion[] };
      return items;
    },
    hover: async (text) => {
      const found = (await request('textDocument/hover', open(text).at)) as { contents: { value: string } } | null;
      return found?.contents.value ?? '';
    },
    diagnose: async (text) => (await open(text).shown) as readonly string[],
    close: () => child.kill(),
  };
}
