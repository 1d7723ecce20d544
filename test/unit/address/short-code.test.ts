import { describe, expect, it } from 'vitest';
import { canonicalShortCode } from '../../../src/domain/address/short-code.ts';

describe('short codes', () => {
  it.each([
    ['38383', '38383'],
    [' 38383 ', '38383'],
    ['+1 (555) 010-0199', '15550100199'],
    ['15550100199', '15550100199'],
    ['+ACME', 'ACME'],
    ['(555) 010.0199', '5550100199'],
    ['\uff13\uff18\uff13\uff18\uff13', '38383'],
    ['ACME Shop', 'ACME Shop'],
    ['A-1', 'A-1'],
  ])('%s becomes %s', (given, canonical) => {
    expect(canonicalShortCode(given)).toEqual({ ok: true, canonical });
    expect(canonicalShortCode(canonical)).toEqual({ ok: true, canonical });
  });

  it.each([[''], [' '], ['+'], ['()'], ['a\tb'], ['a\u0000'], ['\ud800'], ['x'.repeat(41)], ['1 '.repeat(100_000)]])(
    'refuses %j',
    (given) => {
      expect(canonicalShortCode(given)).toMatchObject({ ok: false });
    },
  );
});
