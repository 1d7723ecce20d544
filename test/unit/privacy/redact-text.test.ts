import { describe, expect, it } from 'vitest';
import { type PersonWords, redactText } from '../../../src/domain/privacy/redact-text.ts';

const ZELDA: PersonWords = {
  addresses: ['zelda.q@privacy.test', ' Zelda.Q@Privacy.test ', '+33612345678'],
  firstName: 'Will',
  lastName: 'Page',
  externalId: 'crm-1234',
};

describe('a text that many share, without what it says of one person', () => {
  it.each([
    ['550 <ZELDA.q@privacy.TEST> unknown', '550 <***> unknown'],
    ['bounce+zelda.q=privacy.test@sender.test', 'bounce+***@sender.test'],
    ['Will Page has left, ask Page, Will', '*** has left, ask ***'],
    ['customer crm-1234 is no more', 'customer *** is no more'],
    ['+33612345678 is off', '*** is off'],
    ['33612345678 and 0033 6 12 34 56 78 and +33 (6) 12-34.56/78 are off', '*** and *** and *** are off'],
    ['https://sender.test/?to=zelda.q%40privacy.test&x=1', 'https://sender.test/?to=***&x=1'],
  ])('%s', (given, wanted) => {
    expect(redactText(given, ZELDA)).toBe(wanted);
  });

  it.each([
    'Page not found, will be tried again',
    'customer xcrm-12345',
    '1336123456789 and 3361234567 are others',
    'zelda.quarter@privacy.test is full',
  ])('leaves alone: %s', (text) => {
    expect(redactText(text, ZELDA)).toBe(text);
  });

  it('does not take a short id for a word of the text', () => {
    expect(redactText('421 try again', { ...ZELDA, externalId: '421' })).toBe('421 try again');
  });

  it('takes what stands in an address for itself, not for a pattern', () => {
    const words = { addresses: ['a.b+c(d)@x.test'], firstName: null, lastName: null, externalId: null };
    expect(redactText('a.b+c(d)@x.test, axb+c(d)@x.test', words)).toBe('***, axb+c(d)@x.test');
  });
});
