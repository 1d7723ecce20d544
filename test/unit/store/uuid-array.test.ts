import { expect, test } from 'vitest';
import { UuidArray } from '../../../src/store/uuid-array.ts';

const KEY = '00112233-4455-6677-8899-aABbccDDeeff';

test('is the text of an array for who takes text', () => {
  expect(String(new UuidArray([KEY, KEY]))).toBe(`{${KEY},${KEY}}`);
  expect(String(new UuidArray([]))).toBe('{}');
});

test('is an array in the binary form of PostgreSQL for pg', () => {
  const head = '00000001' + '00000000' + '00000b86' + '00000001' + '00000001';
  expect(new UuidArray([KEY]).toPostgres().toString('hex')).toBe(`${head}0000001000112233445566778899aabbccddeeff`);
});

test.each([
  '',
  'no uuid',
  KEY.slice(1),
  `${KEY}0`,
  KEY.replace('f', 'g'),
  KEY.replace('-', '0'),
  KEY.replace('0', 'é'),
  KEY.replace('0', '-'),
])('refuses %j, which is the text of no uuid', (text) => {
  expect(() => new UuidArray([text]).toPostgres()).toThrow('a key is not the text of a uuid');
});
