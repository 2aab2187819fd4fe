/**
 * `npm run test:page`: the watcher's pages in Chromium, from a real server, wide and narrow, light and dark, without JavaScript:
 * golden pages, a hostile model, and a page of a hundred rows.
 *
 * Exits with 1 when anything but the page is loaded, when the browser complains, when something is wider than the window,
 * or when a text has too little contrast with its ground (WCAG 2.2, 1.4.3: 4.5 to 1). With `--keep`, it writes the pictures in `docs/`.
 */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { listen } from '../../src/io/process/listen.ts';
import { loading, toStatus } from '../core/observe/live-objects.ts';
import { PagesScene } from '../watch/pages-scene.ts';
import { launchChromium } from './chromium.ts';

const docs = join(import.meta.dirname, '../../docs');

/** Runs in the page. @returns what is wrong with it as it is drawn. */
const inspect = `() => {
  const found = [];
  if (document.documentElement.scrollWidth > window.innerWidth) found.push('it is wider than the window');
  const read = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const toLight = ([red = 0, green = 0, blue = 0]) => {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const groundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let texts = 0;
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement;
    if (node.textContent.trim() === '' || element.closest('svg, script, style') !== null) continue;
    texts++;
    const [a, b] = [toLight(read(getComputedStyle(element).color)), toLight(groundOf(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) found.push('contrast ' + contrast.toFixed(2) + ': ' + node.textContent.trim().slice(0, 40));
    const box = element.getBoundingClientRect();
    const isWide = element.closest('.wide') !== null || element.closest('thead') !== null;
    if (!isWide && box.width > 0 && box.right > window.innerWidth + 1) found.push('outside: ' + node.textContent.slice(0, 40));
  }
  if (texts < 20) found.push('there are hardly any texts');
  const [red = 0, green = 0, blue = 0] = groundOf(document.body);
  if (red + green + blue < 384 !== window.matchMedia('(prefers-color-scheme: dark)').matches)
    found.push('it does not follow the colours that are asked for');
  if (document.querySelectorAll('h1').length !== 1) found.push('it has not one heading');
  for (const table of document.querySelectorAll('table.rows'))
    if (table.querySelector('th[scope=col]') === null || table.querySelector('th[scope=row]') === null)
      found.push('a table has no headings');
  for (const field of document.querySelectorAll('input:not([type=hidden])'))
    if (document.querySelector('label[for=' + field.id + ']') === null) found.push('a field has no label');
  return found;
}`;

const problems: string[] = [];
const scene = await PagesScene.start();
const failure = { reason: '<script>alert(1)</script>', message: `${'w'.repeat(300)} <img src=//127.0.0.1:1/x>` };
await scene.play();
const { address, close } = await listen('127.0.0.1:0', {
  health: () => ({ isAlive: true, obstacle: undefined }),
  metrics: { contentType: 'text/plain', text: async () => '' },
  more: [scene.pages],
});
const browser = await launchChromium();
let looks = 0;
try {
  if (process.argv.includes('--keep')) await keep();
  scene.repository.edit({ 'ranking/model.yaml': undefined });
  scene.add('hostile', toStatus({ transition: 'UpToDate', active: 'FailedToLoad', failure }));
  for (let i = 0; i < 110; i++) scene.add(`m${i}-${'long-name-'.repeat(4)}x`, i % 2 === 0 ? undefined : loading);
  await scene.pass(2);
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [360, 1200]) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      watch(page, `${width} wide, ${colorScheme}`);
      for (const path of [
        '/',
        '/?q=long&page=2',
        '/models/wisdom',
        '/models/fraud',
        '/models/hostile',
        '/models/nobody-here',
      ])
        await look(page, path, `${path}, ${width} wide, ${colorScheme}`);
      await page.close();
    }
  await follow().catch((error: Error) => problems.push(error.message));
} finally {
  await browser.close();
  close();
  await scene.end();
}

function watch(page: Page, where: string): void {
  page.on('request', (request) => {
    if (!request.url().startsWith(`http://${address}/`) || request.resourceType() !== 'document')
      problems.push(`${where}: something is loaded: ${request.url()}`);
  });
  page.on('pageerror', (error) => problems.push(`${where}: ${error.message}`));
  page.on('console', (message) => {
    // Chromium reports the page that is not there.
    if (!message.text().includes('404')) problems.push(`${where}: the page complains: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`${where}: a script ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
}

async function look(page: Page, path: string, where: string): Promise<void> {
  looks++;
  await page.goto(`http://${address}${path}`);
  if (path.endsWith('nobody-here')) {
    if ((await page.textContent('h1')) !== 'No such model') problems.push(`${where}: nobody is found`);
    return;
  }
  const found = (await page.evaluate(`(${inspect})()`)) as string[];
  problems.push(...found.map((problem) => `${where}: ${problem}`));
}

/** From the list to a model and back, by a search, with JavaScript switched off. */
async function follow(): Promise<void> {
  const page = await browser.newPage({ javaScriptEnabled: false });
  watch(page, 'without JavaScript');
  await page.goto(`http://${address}/`);
  await page.click('nav >> text=need attention');
  await page.fill('#q', 'hostile');
  await page.click('button');
  if (!page.url().endsWith('/?q=hostile&state=urgent')) problems.push(`the search leads to ${page.url()}`);
  if ((await page.locator('tbody a').count()) !== 1)
    problems.push(`the search shows ${await page.textContent('main')}`);
  await page.click('tbody a', { timeout: 5000 });
  if ((await page.textContent('h1'))?.startsWith('hostile') !== true) problems.push('a link leads elsewhere');
  await page.click('text=All models');
  if (page.url() !== `http://${address}/`) problems.push(`the way back leads to ${page.url()}`);
  await page.close();
}

async function keep(): Promise<void> {
  for (const [name, path, colorScheme, height] of [
    ['watcher-models', '/', 'light', 560],
    ['watcher-model', '/models/wisdom', 'dark', 1180],
  ] as const) {
    const page = await browser.newPage({ viewport: { width: 1060, height }, colorScheme });
    await page.goto(`http://${address}${path}`);
    await page.screenshot({ path: join(docs, `${name}.png`) });
    await page.close();
  }
}

for (const problem of [...new Set(problems)]) process.stderr.write(`${problem}\n`);
process.stderr.write(`${looks} looks at the watcher's pages, ${problems.length} problems\n`);
process.exitCode = problems.length > 0 || looks < 20 ? 1 : 0;
