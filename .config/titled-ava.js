/** `ava` for one of the test files of a process: titles begin with the file's name, as in a process of its own. */
import ava from 'ava';

const of = new URL(import.meta.url).searchParams.get('of');

export default new Proxy(ava, {
  apply: (target, self, [title, ...more]) =>
    Reflect.apply(target, self, typeof title === 'string' ? [`${of} › ${title}`, ...more] : [title, ...more]),
  get: (target, name) => {
    if (name === 'macro') return target.macro;
    throw new Error(`${of}: test.${String(name)} would reach the tests of other files: see .config/together.js`);
  },
});
