import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeText, qualificationKey } from '../../../src/domain/qualification/normalize-text.ts';
import { millisecondsSince } from '../../support/cpu-time.ts';
import { NORMALISED_TEXTS, TEXT_KEYS } from '../../support/normalised-texts.ts';

describe('normalising a text', () => {
  it.each(NORMALISED_TEXTS.map(([raw, normalised, recipient]) => ({ raw, normalised, recipient })))(
    '$raw',
    ({ raw, normalised, recipient }) => {
      expect(normalizeText(raw, recipient)).toBe(normalised);
    },
  );

  it.each(TEXT_KEYS)('the key of %s is %s', (text, md5) => {
    expect(qualificationKey(text)).toBe(md5);
  });

  it('replaces the recipient in any case', () => {
    expect(normalizeText('550 JO.Doe@Corp.Example unknown', 'jo.doe@corp.example')).toBe('550 * unknown');
  });

  it('replaces the recipient in VERP form and percent-encoded', () => {
    expect(normalizeText('550 jo=corp.example bounced', 'jo@corp.example')).toBe('550 * bounced');
    expect(normalizeText('550 jo%40corp.example bounced', 'jo@corp.example')).toBe('550 * bounced');
  });

  it.each([
    ['550 rcpt=Jo+Tag%40Corp.Example unknown', 'jo+tag@corp.example', '550 rcpt=* unknown'],
    ['550 rcpt=jo%2Btag%40corp.example unknown', 'jo+tag@corp.example', '550 rcpt=* unknown'],
    ['550 rcpt=jo%40k%C3%B6ln.example unknown', 'jo@köln.example', '550 rcpt=* unknown'],
    ['550 rcpt=jo%40xn--kln-sna.example unknown', 'jo@köln.example', '550 rcpt=* unknown'],
    ['550 rcpt=jo%40K%C3%B6ln.example unknown', 'jo@xn--kln-sna.example', '550 rcpt=* unknown'],
    ['550 rcpt=İpek%40Corp.Example: İletilemedi', 'İpek@corp.example', '550 rcpt=*: İletilemedi'],
    ['550 "jo.doe"@corp.example unknown', 'jo.doe@corp.example', '550 * unknown'],
    ['550 no {jo}@corp.example.', '{jo}@corp.example', '550 no *.'],
    ['550 "jo doe"@corp.example. Sorry', '"jo doe"@corp.example', '550 *. Sorry'],
    ['550 <bounce-{jo}=corp.example@lists.example> gone', '{jo}@corp.example', '550 <bounce-*@#DOMAIN#> gone'],
  ])('finds the recipient in %s', (text, recipient, normalised) => {
    expect(normalizeText(text, recipient)).toBe(normalised);
  });

  it('replaces addresses with letters beyond ASCII', () => {
    expect(normalizeText('550 <jürgen@köln.example> unbekannt')).toBe('550 <*> unbekannt');
    expect(normalizeText('550 <почта@пример.рф> нет')).toBe('550 <*> нет');
  });

  it('replaces both of two addresses that touch', () => {
    expect(normalizeText('bounce+a@b.example=c@d.example')).not.toMatch(/@/);
  });

  it('replaces a device token that is the recipient', () => {
    expect(normalizeText('token abcDEF:ghi is not registered', 'abcDEF:ghi')).toBe('token * is not registered');
  });

  it('keeps reply codes and enhanced status codes', () => {
    expect(normalizeText('452 4.2.2 mailbox full')).toBe('452 4.2.2 mailbox full');
  });

  it('costs linear time on a hostile line', () => {
    const started = process.cpuUsage();
    for (const filler of ['a', 'a.', 'a@', '1.', '-', '+1 ', 'http://', 'a:', ' '])
      normalizeText(`${filler.repeat(60_000)} @`, 'x@y.example');
    expect(millisecondsSince(started)).toBeLessThan(5000);
  });
});

const fragments = fc.constantFrom(
  '550 5.1.1 ',
  '<',
  '>',
  'jo@corp.example',
  'JO@CORP.EXAMPLE',
  'jo=corp.example',
  'https://a.example/x?y=jo@corp.example',
  ' ',
  '\n',
  ' 192.0.2.1 ',
  '+49 151 123456',
  '2021-05-03T10:11:12Z',
  'mx1.corp.example',
  'ABC-123456 ',
  'a1b2c3d4e5',
  '12345',
  '#ID#',
  '*',
  '|',
  'SR x ',
  '.',
  '-',
  '@',
  '%40',
  'ü',
  '3 May 2021',
  '12/14/2020',
);
const texts = fc.oneof(
  fc.string({ maxLength: 120 }),
  fc.array(fragments, { maxLength: 25 }).map((parts) => parts.join('')),
);
const localParts = fc.stringMatching(/^[a-z0-9](?:[a-z0-9._+-]{0,12}[a-z0-9])?$/);
const addresses = fc
  .tuple(localParts, fc.stringMatching(/^[a-z]{1,8}(?:\.[a-z]{2,6}){1,2}$/))
  .map(([local, domain]) => `${local}@${domain}`);

describe('properties of normalising', () => {
  it('is idempotent', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const once = normalizeText(text);
        expect(normalizeText(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  it('is idempotent with a recipient', () => {
    fc.assert(
      fc.property(texts, addresses, (text, recipient) => {
        const once = normalizeText(text, recipient);
        expect(normalizeText(once, recipient)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  it('never leaks a recipient of unusual characters, plain, in VERP form or percent-encoded', () => {
    const unusual = fc.tuple(fc.stringMatching(/^[a-z{!?&'^ ü+]{2,10}$/), fc.constantFrom('corp.example', 'köln.example'));
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), unusual, fc.string({ maxLength: 20 }), (before, [local, domain], after) => {
        const recipient = `${local}@${domain}`;
        for (const written of [recipient, `${local}=${domain}`, encodeURIComponent(recipient)]) {
          expect(normalizeText(`${before}${written}${after}`, recipient)).not.toContain(written);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('never leaks the recipient, in whatever case and between whatever other characters', () => {
    fc.assert(
      fc.property(texts, addresses, texts, fc.boolean(), (before, recipient, after, loud) => {
        const written = loud ? recipient.toUpperCase() : recipient;
        const normalised = normalizeText(`${before}${written}${after}`, recipient).toLowerCase();
        expect(normalised).not.toContain(recipient);
        expect(normalised).not.toContain(recipient.replace('@', '%40'));
      }),
      { numRuns: 3000 },
    );
  });

  it('never leaks the number of an SMS', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\+[1-9]\d{8,13}$/), fragments, (number, around) => {
        expect(normalizeText(`Absent subscriber ${around}${number} at once`, number)).not.toContain(number);
      }),
    );
  });
});
