import { describe, expect, it } from 'vitest';
import { DELAY_CLASSES, delayClass, settleSlots } from '../../../src/domain/statistics/report-delay.ts';

const NOON = new Date('2025-06-10T12:00:00Z');
const ago = (minutes: number) => new Date(NOON.getTime() - minutes * 60_000);

describe('a delivered message', () => {
  it.each([
    [-4, 0],
    [2, 0],
    [2.1, 1],
    [10, 1],
    [60, 2],
    [61, 3],
    [1_440, 6],
    [1_441, null],
  ])('that is told %d minutes late is of class %s', (minutes, expected) => {
    expect(delayClass(ago(minutes), NOON)).toBe(expected);
  });
});

describe('a slot of results is judged', () => {
  it.each([
    ['at once where nothing is known', [], 0],
    ['at once where hardly anything is known', [0, 0, 0, 99], 0],
    ['at once where nine of ten are told at once', [900, 0, 0, 0, 100], 0],
    ['after four hours where one in ten takes that long', [899, 0, 0, 0, 101], 24],
    ['after an hour where all take it', [0, 0, 100], 6],
    ['after a day where a file is sent at night', [5, 0, 10, 10, 20, 40, 40], 144],
  ])('%s', (_case, told, slots) => {
    expect(settleSlots(told)).toBe(slots);
  });

  it('later, the later its messages are told', () => {
    const slots = DELAY_CLASSES.map((_class, index) => settleSlots(DELAY_CLASSES.map((_other, other) => (other === index ? 500 : 0))));
    expect(slots).toEqual(DELAY_CLASSES.map((one) => one.slots));
    expect([...slots].sort((a, b) => a - b)).toEqual(slots);
  });
});
