import test from 'ava';
import { toCheckPicture } from '../../src/output/check-picture.ts';

const numbers = (svg: string) =>
  Object.fromEntries(
    [...svg.matchAll(/<(rect|line)(?: class="(\w+)")?[^>]*?(?:x|x1)="([\d.]+)"(?:[^>]*?width="([\d.]+)")?/g)].map(
      ([, element, colour = 'limit', x, width]) => [element === 'line' ? 'limit' : colour, [Number(x), Number(width)]],
    ),
  );

test('the bar is from the lower bound to the upper one, beside the limit, whatever their sizes', (t) => {
  for (const [low, high, limit, colour] of [
    [0, 0.005, 0.01, 'ready'],
    [0.02, 0.03, 0.01, 'failed'],
    [0, 1, 0.01, 'loading'],
    [0, 0, 0, 'ready'],
    [1, 1, 1, 'ready'],
    [0, 1e-9, 1e-6, 'ready'],
  ] as const) {
    const svg = toCheckPicture({ low, high, limit, noise: undefined });
    const { [colour]: bar = [], limit: line = [] } = numbers(svg);
    const [x = -1, width = -1] = bar;
    t.true(x >= 0 && width >= 3 && x + width <= 243, svg);
    t.true((line[0] ?? -1) >= 0 && (line[0] ?? 999) <= 240, svg);
    if (colour === 'failed') t.true(x > (line[0] ?? 0));
    if (colour === 'ready' && high < limit) t.true(x + width <= (line[0] ?? 0));
  }
});

test('what it shows is there as text, too', (t) => {
  const noise = { bad: 28, all: 400, low: 0.04, high: 0.1 };
  t.regex(
    toCheckPicture({ low: 0.001, high: 0.02, limit: 0.01, noise }),
    /aria-label="between 0\.1 % and 2 %, limit 1 % above the primary&#39;s 28 of 400"/,
  );
});
