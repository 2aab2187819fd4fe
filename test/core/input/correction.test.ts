import test from 'ava';
import { safe } from '../../../src/core/diagnostics/safe-text.ts';
import { findCorrection } from '../../../src/core/input/correction.ts';

const isNumber = (choice: unknown) => typeof choice === 'number';
const isText = (choice: unknown) => typeof choice === 'string';
const isTruth = (choice: unknown) => typeof choice === 'boolean';
/** Go durations with one unit. */
const isDuration = (choice: unknown) => typeof choice === 'string' && /^[0-9]+(\.[0-9]+)?(ms|s|m|h)$/.test(choice);

test('a text that stands for a truth value', (t) => {
  for (const yes of ['yes', 'True', 'ON', ' y ']) t.is(findCorrection(yes, isTruth), safe`write true`, yes);
  for (const no of ['no', 'FALSE', 'off', 'n']) t.is(findCorrection(no, isTruth), safe`write false`, no);
});

test('a number in quotation marks, or with a percent sign', (t) => {
  t.is(findCorrection('20', isNumber), safe`write 20`);
  t.is(findCorrection('20%', isNumber), safe`write 20`);
  t.is(findCorrection('0.5 %', isNumber), safe`write 0.5`);
});

test('a number or a truth value where a text is expected', (t) => {
  t.is(findCorrection(1, isText), safe`put quotes around it`);
  t.is(findCorrection(true, isText), safe`put quotes around it`);
});

test('a duration without a unit is one in seconds', (t) => {
  t.is(findCorrection(5, isDuration), safe`write 5s`);
  t.is(findCorrection('5', isDuration), safe`write 5s`);
});

test('a duration with a unit in words', (t) => {
  t.is(findCorrection('5 sec', isDuration), safe`write 5s`);
  t.is(findCorrection('500 Milliseconds', isDuration), safe`write 500ms`);
  t.is(findCorrection('1.5 hours', isDuration), safe`write 1.5h`);
  t.is(findCorrection('2 mins', isDuration), safe`write 2m`);
});

test('nothing for a value that resembles nothing', (t) => {
  for (const value of ['', 'soon', '5 fortnights', '-5', null, {}, [], '1'.repeat(41)])
    t.is(findCorrection(value, isDuration), undefined, JSON.stringify(value));
  t.is(findCorrection(true, isDuration), undefined);
  t.is(findCorrection('constructor', isTruth), undefined);
  t.is(findCorrection('5 constructor', isDuration), undefined);
});

test('nothing that the field does not accept', (t) => {
  for (const value of ['yes', '20%', '5 sec', 5, true])
    t.is(
      findCorrection(value, () => false),
      undefined,
    );
});
