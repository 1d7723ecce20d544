import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressInput, canonicalAddress } from '../../../src/domain/address/canonical-address.ts';
import { anyEmail, canonicalDomain, canonicalEmail } from '../../../src/domain/address/email-address.ts';
import { domainList } from '../../../src/store/filters/quarantine-filter.ts';

const email = (value: string, more: Partial<AddressInput> = {}) =>
  canonicalAddress({ channel: 'EMAIL', value, addressCase: 'canonical', ...more });
const sms = (value: string, more: Partial<AddressInput> = {}) =>
  canonicalAddress({ channel: 'SMS', value, addressCase: 'canonical', ...more });
const canonicalOf = (result: ReturnType<typeof canonicalAddress>) => (result.ok ? result.canonical : result.message);

describe('the canonical form of an e-mail address', () => {
  it.each([
    ['white space around it falls away', ' ann@example.com\r\n', 'ann@example.com', 'example.com'],
    ['both parts are lower-cased', 'Ivan@X.com', 'ivan@x.com', 'x.com'],
    ['an international domain becomes ASCII', 'ann@MÜNCHEN.de', 'ann@xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['a domain in ASCII form stays', 'ann@XN--MNCHEN-3YA.de', 'ann@xn--mnchen-3ya.de', 'xn--mnchen-3ya.de'],
    ['an ideographic full stop is a dot', 'ann@x。com', 'ann@x.com', 'x.com'],
    ['a final dot of the domain is dropped', 'ann@example.com.', 'ann@example.com', 'example.com'],
    ['an international local part is composed and lower-cased', 'JOSE\u0301@example.com', 'josé@example.com', 'example.com'],
    ['both parts may be international', '用户@例子.公司', '用户@xn--fsqu00a.xn--55qx5d', 'xn--fsqu00a.xn--55qx5d'],
    ['a VERP form is kept', 'Bounces+12-Ann=Example.com@mail.x.com', 'bounces+12-ann=example.com@mail.x.com', 'mail.x.com'],
    ['dots may repeat', 'a..b.@docomo.ne.jp', 'a..b.@docomo.ne.jp', 'docomo.ne.jp'],
    ['needless quotes fall away', '"Ann"@x.com', 'ann@x.com', 'x.com'],
    ['needless backslashes fall away', '"a\\n\\n"@x.com', 'ann@x.com', 'x.com'],
    ['needed quotes stay', '"John Doe"@x.com', '"john doe"@x.com', 'x.com'],
    ['an @ may stand in quotes', '"a@b"@x.com', '"a@b"@x.com', 'x.com'],
    ['angle brackets and commas may stand in quotes', '"<a,b>"@x.com', '"<a,b>"@x.com', 'x.com'],
    ['a quote and a backslash in quotes are escaped', '"a\\"\\\\b"@x.com', '"a\\"\\\\b"@x.com', 'x.com'],
    ['an underscore in the domain is taken', 'ann@mail_1.x.com', 'ann@mail_1.x.com', 'mail_1.x.com'],
    ['64 bytes before the @ are taken', `${'a'.repeat(64)}@x.com`, `${'a'.repeat(64)}@x.com`, 'x.com'],
  ])('%s', (_, value, canonical, domain) => {
    expect(email(value)).toEqual({ ok: true, canonical, original: value, domain });
  });

  it('with ADDRESS_CASE=exact keeps the case of the local part and of nothing else', () => {
    expect(canonicalOf(email(' Ivan@X.Com', { addressCase: 'exact' }))).toBe('Ivan@x.com');
    expect(canonicalOf(email('ivan@x.com', { addressCase: 'exact' }))).toBe('ivan@x.com');
  });

  it.each([
    ['', 'The address is empty.'],
    ['  \t ', 'The address is empty.'],
    ['a\0b@x.com', 'The e-mail address contains the invisible character U+0000.'],
    ['ann\u200b@x.com', 'The e-mail address contains the invisible character U+200B.'],
    ['a\ud800@x.com', 'The address contains half of a surrogate pair: the text was cut or is not valid Unicode.'],
    ['ann', 'The e-mail address has no @.'],
    ['@x.com', 'There is nothing before the @.'],
    ['ann@', 'There is nothing after the @.'],
    ['a@b@x.com', 'The e-mail address has more than one @.'],
    ['Ann <ann@x.com>', 'Write the bare address, without a name and without angle brackets: ann@example.com.'],
    ['<ann@x.com>', 'Write the bare address, without a name and without angle brackets: ann@example.com.'],
    ['a@x.com, b@x.com', 'Write one e-mail address at a time: a comma or semicolon is not part of an address.'],
    ['a@x.com;b@x.com', 'Write one e-mail address at a time: a comma or semicolon is not part of an address.'],
    ['a b@x.com', 'The e-mail address contains a space.'],
    ['a\u00a0b@x.com', 'The e-mail address contains a space.'],
    ['mailto:ann@x.com', 'The character : is not allowed before the @ unless that part stands in double quotes.'],
    ['ann(home)@x.com', 'The character ( is not allowed before the @ unless that part stands in double quotes.'],
    ['"ann@x.com', 'The double quotes before the @ do not close, or something follows them.'],
    ['""@x.com', 'There is nothing between the double quotes before the @.'],
    ['"a\u00a0b"@x.com', 'Of white space, only the plain space may stand in double quotes before the @.'],
    ['ann@gmail', 'The domain "gmail" has no dot: is its ending missing?'],
    ['ann@x..com', '"x..com" is not a domain name.'],
    ['ann@-x.com', '"-x.com" is not a domain name.'],
    ['ann@x.com/y', '"x.com/y" is not a domain name.'],
    ['ann@ex%41mple.com', '"ex%41mple.com" is not a domain name.'],
    ['ann@xn--a.com', '"xn--a.com" is not a domain name.'],
    [`ann@${'a'.repeat(64)}.com`, `"${'a'.repeat(60)}..." is not a domain name.`],
    ['ann@1.2.3.4', 'A domain name is needed after the @, not an IP address.'],
    ['ann@16909060', 'A domain name is needed after the @, not an IP address.'],
    ['ann@[1.2.3.4]', 'An IP address in brackets after the @ is not taken: write the domain.'],
    [`${'a'.repeat(65)}@x.com`, 'The part before the @ has at most 64 bytes.'],
    [`${'é'.repeat(33)}@x.com`, 'The part before the @ has at most 64 bytes.'],
    [`a@${'abcdefghi.'.repeat(25)}com.de`, 'An e-mail address has at most 254 bytes.'],
  ])('%j is refused', (value, message) => {
    expect(email(value)).toEqual({ ok: false, message });
  });
});

it('a text of a megabyte is refused without being looked at closely', () => {
  expect(canonicalOf(email('a'.repeat(1_000_000)))).toBe('An e-mail address has at most 254 bytes.');
  expect(canonicalOf(sms('1'.repeat(1_000_000)))).toBe('The phone number is too long.');
});

describe('the canonical form of a phone number', () => {
  it.each([
    ['+33 6 12 34 56 78', undefined, '+33612345678'],
    ['+1 (202) 555-0123', undefined, '+12025550123'],
    ['\uff0b33612345678', undefined, '+33612345678'],
    ['06.12.34.56.78', 'FR', '+33612345678'],
    ['0033612345678', 'FR', '+33612345678'],
    ['33612345678', 'FR', '+33612345678'],
    ['(202) 555-0123', 'US', '+12025550123'],
    ['+39 06 698 12345', 'FR', '+390669812345'],
  ])('%s in region %s', (value, defaultRegion, canonical) => {
    expect(sms(value, { defaultRegion })).toEqual({ ok: true, canonical, original: value, domain: null });
  });

  it.each(['33612345678', '0033612345678', '+33612345678'])('an SMPP receipt gives %s without a plus', (value) => {
    expect(canonicalOf(sms(value, { international: true }))).toBe('+33612345678');
  });

  it.each(['SMS', 'PHONE', 'FAX'] as const)('%s goes by the same form', (channel) => {
    expect(canonicalOf(sms('+33 612345678', { channel }))).toBe('+33612345678');
  });

  const needsRegion =
    'Write the phone number with + and the country code (+33612345678), or name a country in the setting defaultPhoneRegion.';
  const noDigits = 'A phone number consists of digits, with + and the country code in front: +33612345678.';
  it.each([
    ['0612345678', undefined, needsRegion],
    ['33612345678', undefined, needsRegion],
    ['0612345678', 'XX', needsRegion],
    ['12345', 'US', 'A short code is not the number of a person: write the full phone number.'],
    ['hello', 'FR', noDigits],
    ['tel:+33612345678', undefined, noDigits],
    ['+33612345678;phone-context=x', undefined, noDigits],
    ['+33612345678\0', undefined, noDigits],
    ['+', undefined, noDigits],
    ['+33612345678 ext 5', undefined, 'Leave out the extension: a message goes to a number of its own.'],
    ['+999123456', undefined, 'The phone number does not begin with the code of any country.'],
    ['+336123', undefined, 'No phone number of that country has this many digits.'],
    [`+${'1'.repeat(30)}`, undefined, 'The phone number is too long.'],
  ])('%s in region %s is refused', (value, defaultRegion, message) => {
    expect(sms(value, { defaultRegion })).toEqual({ ok: false, message });
  });
});

describe('the canonical form of the other channels', () => {
  const other = (channel: AddressInput['channel'], value: string) => canonicalAddress({ channel, value, addressCase: 'canonical' });

  it('a push token stays as it is', () => {
    expect(other('PUSH', 'fMxY:APA91b-_Z')).toEqual({ ok: true, canonical: 'fMxY:APA91b-_Z', original: 'fMxY:APA91b-_Z', domain: null });
  });

  it.each([' token', 'to ken', 'token\n', 'to\0ken'])('the push token %j is refused, not repaired', (value) => {
    expect(other('PUSH', value)).toEqual({ ok: false, message: 'A push token contains no spaces, line breaks or control characters.' });
  });

  it('a push token has at most 4096 characters', () => {
    expect(other('PUSH', 'a'.repeat(4096)).ok).toBe(true);
    expect(canonicalOf(other('PUSH', 'a'.repeat(4097)))).toBe('A push token has at most 4096 characters.');
  });

  it('a postal address becomes one line', () => {
    expect(canonicalOf(other('DIRECT_MAIL', '  Main St\u00a01\r\n12345  Town '))).toBe('Main St 1 12345 Town');
  });

  it.each(['DIRECT_MAIL', 'OTHER'] as const)('%s refuses control characters, half characters and books', (channel) => {
    expect(other(channel, 'a\0b').ok).toBe(false);
    expect(other(channel, 'a\udc00b').ok).toBe(false);
    expect(other(channel, 'a'.repeat(1001)).ok).toBe(false);
  });
});

describe('properties of the canonical form', () => {
  const anyText = fc.oneof(
    fc.emailAddress(),
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.domain()).map(([local, domain]) => `${local}@${domain}`),
    fc.tuple(fc.string({ minLength: 1 }), fc.domain()).map(([local, domain]) => `"${local}"@${domain}`),
    fc.stringMatching(/^\+?[0-9 ().-]{3,20}$/),
  );
  const anyChannel = fc.constantFrom('EMAIL', 'SMS', 'PUSH', 'DIRECT_MAIL' as const);
  const anyCase = fc.constantFrom('canonical', 'exact' as const);

  it('taking a canonical form in again gives the same', () => {
    fc.assert(
      fc.property(anyText, anyChannel, anyCase, (value, channel, addressCase) => {
        const once = canonicalAddress({ channel, value, addressCase, defaultRegion: 'FR' });
        if (!once.ok) return;
        expect(canonicalAddress({ channel, value: once.canonical, addressCase, defaultRegion: 'FR' })).toMatchObject({
          canonical: once.canonical,
          domain: once.domain,
        });
      }),
      { numRuns: 2000 },
    );
  });

  it('no canonical form holds what a database cannot store', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), anyChannel, (value, channel) => {
        const result = canonicalAddress({ channel, value, addressCase: 'canonical' });
        if (result.ok) expect(result.canonical).not.toMatch(/[\0\p{Cs}]/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('a usual address is always taken', () => {
    fc.assert(fc.property(fc.emailAddress(), (value) => email(value).ok));
  });
});

describe('the short way for plain e-mail addresses', () => {
  const atom = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~."é ]{0,6}$/);
  const label = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_-]{0,6}$/),
    fc.constantFrom('xn--mnchen-3ya', 'XN--a', 'a--b', '0x1f', '1', 'münchen', 'a'.repeat(61), 'a'.repeat(63), 'a'.repeat(64), '-a', 'a-'),
  );
  const domain = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));

  it.each(['canonical', 'exact'] as const)('gives what the long one gives (%s)', (addressCase) => {
    fc.assert(
      fc.property(fc.oneof(atom, fc.constantFrom('a'.repeat(64), 'A'.repeat(65))), domain, (local, name) => {
        const value = `${local}@${name}`;
        expect(canonicalEmail(value, addressCase)).toEqual(anyEmail(value, addressCase));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('a domain that somebody looks for', () => {
  it.each([
    ['bücher.example', 'xn--bcher-kva.example'],
    ['BÜCHER.example.', 'xn--bcher-kva.example'],
    [' Mail.Example ', 'mail.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['@mail.example', '@mail.example'],
    ['', ''],
  ])('%j is looked for as %j, the form in which it is kept', (given, kept) => {
    expect(canonicalDomain(given)).toBe(kept);
    expect(domainList([given])).toEqual([kept]);
  });
});
