import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Starts Chromium without a window and without background requests. Exits where it is not installed. */
export async function launchChromium(): Promise<Browser> {
  const places = [
    process.env['CHROMIUM'] ?? '',
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ];
  const executablePath = places.find((path) => path !== '' && existsSync(path));
  if (executablePath === undefined) {
    process.stderr.write('there is no Chromium: apt-get install chromium, or give its path as CHROMIUM\n');
    process.exit(3);
  }
  const quiet =
    '--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update';
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-sync', ...quiet.split(' ')] });
}
