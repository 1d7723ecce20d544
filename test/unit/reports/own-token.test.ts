import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOwnToken, makeOwnToken, tokenSender, verifyOwnToken } from '../../../src/reports/own-token.ts';
import { parseMessage } from '../../../src/reports/parse-message.ts';
import { RETURNED, rawMail } from './raw-mail.ts';

const SECRET = 'a secret of this instance';
const idArbitrary = fc.stringMatching(/^[a-z0-9_-]{1,28}$/);

describe('our own token', () => {
  it('proves the delivery it was made for', () => {
    fc.assert(fc.property(idArbitrary, (id) => verifyOwnToken(makeOwnToken(id, SECRET), SECRET) === id));
  });

  it('survives a change of case on its way', () => {
    const token = makeOwnToken('4711', SECRET);
    expect(verifyOwnToken(token.toUpperCase(), SECRET)).toBe('4711');
  });

  it('proves nothing under another secret, another id or a changed mac', () => {
    const token = makeOwnToken('4711', SECRET);
    expect(verifyOwnToken(token, 'another secret')).toBeNull();
    expect(verifyOwnToken(token.replace('4711', '4712'), SECRET)).toBeNull();
    expect(verifyOwnToken(`${token.slice(0, -1)}${token.endsWith('a') ? 'b' : 'a'}`, SECRET)).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => verifyOwnToken(text, SECRET) === null));
  });

  it('is refused for an id that would not survive in an address', () => {
    expect(() => makeOwnToken('a b', SECRET)).toThrow(RangeError);
    expect(() => makeOwnToken('x'.repeat(29), SECRET)).toThrow(RangeError);
  });

  it('travels in the envelope sender within the limit of a local part', () => {
    const sender = tokenSender('bounce@sender.example', makeOwnToken('9223372036854775807', SECRET));
    expect(sender.slice(0, sender.lastIndexOf('@')).length).toBeLessThanOrEqual(64);
    expect(verifyOwnToken(findOwnToken(sender) ?? '', SECRET)).toBe('9223372036854775807');
  });

  it('is found in the address a report came to and in the returned message', () => {
    const token = makeOwnToken('4711', SECRET);
    const returned = RETURNED.replace('Subject:', `X-Lazaret-Token: ${token}\nSubject:`);
    const body = `<ann@customer.example>: 550 gone\n\n--- Below this line is a copy of the message.\n\n${returned}`;
    expect(parseMessage(rawMail({ body })).tokens).toEqual([token]);
    const other = makeOwnToken('4712', SECRET);
    expect(parseMessage(rawMail({ to: tokenSender('bounce@sender.example', other), body: 'gone' })).tokens).toEqual([other]);
  });

  it('is not seen where there is none', () => {
    expect(findOwnToken('bounce+12345@sender.example')).toBeNull();
    expect(findOwnToken('ann.smith@customer.example')).toBeNull();
  });
});
