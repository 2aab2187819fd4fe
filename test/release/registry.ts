/** A folder of packages as an npm registry on this machine: what `npm install` asks one for, and no more. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface Registry {
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: readonly string[];
  readonly close: () => void;
}

/** Serves the `model-mirror-X.Y.Z.tgz` of the folder, as they are when they are asked for. */
export async function serveRegistry(folder: string): Promise<Registry> {
  const asked: string[] = [];
  const server = createServer(({ url = '/' }, response) => {
    asked.push(url);
    const { address, port } = server.address() as AddressInfo;
    const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    const wanted = tarballs.find((name) => url === `/model-mirror/-/${name}`);
    if (wanted !== undefined) return response.end(readFileSync(join(folder, wanted)));
    if (url !== '/model-mirror') return response.writeHead(404).end('{}');
    const versions = tarballs.map((name) => {
      const version = name.slice('model-mirror-'.length, -'.tgz'.length);
      const integrity = `sha512-${createHash('sha512')
        .update(readFileSync(join(folder, name)))
        .digest('base64')}`;
      const tarball = `http://${address}:${port}/model-mirror/-/${name}`;
      const bin = { 'model-mirror': 'dist/model-mirror.cjs' };
      return [version, { name: 'model-mirror', version, bin, dist: { tarball, integrity } }] as const;
    });
    const body = {
      name: 'model-mirror',
      'dist-tags': { latest: versions.at(-1)?.[0] },
      versions: Object.fromEntries(versions),
    };
    return response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, asked, close: () => server.close() };
}
