import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanAddress, fieldAddress, findAddresses } from '../../../src/reports/found-address.ts';
import { htmlToText } from '../../../src/reports/html-text.ts';
import { decodeCharset, decodeHeaderText, decodeQuotedPrintable, decodeTransfer } from '../../../src/reports/mail-decoding.ts';
import { parseStructured, readHeaders } from '../../../src/reports/mail-headers.ts';
import { openMail, partText } from '../../../src/reports/mail-parts.ts';
import { cutOriginal, withoutFooter } from '../../../src/reports/notice-text.ts';
import { bytesOf } from './raw-mail.ts';

const binary = (bytes: readonly number[]) => String.fromCharCode(...bytes);

describe('text of bytes', () => {
  it.each([
    ['iso-8859-1', [0x66, 0xfc, 0x72], 'für'],
    ['iso-8859-2', [0xb1], 'ą'],
    ['koi8-r', [0xcd], 'м'],
    ['windows-1252', [0x80], '€'],
    ['gb2312', [0xcd, 0xcb, 0xd0, 0xc5], '退信'],
    ['shift_jis', [0x83, 0x81], 'メ'],
    ['utf-8', [0xc3, 0xa9], 'é'],
    ['unicode-1-1-utf-7', [..."d'+AOk-tat"].map((c) => c.charCodeAt(0)), "d'état"],
    ['us-ascii', [0xc3, 0xa9], 'é'],
    ['no-such-charset', [0xe9, 0x20], 'é '],
    ['utf-8', [0xe9, 0x20], 'é '],
  ])('in %s is decoded', (charset, bytes, text) => {
    expect(decodeCharset(binary(bytes), charset)).toBe(text);
  });

  it('without a name is guessed', () => {
    expect(decodeCharset('\u001b$B<:GT\u001b(B', null)).toBe('失敗');
    expect(decodeCharset(Buffer.from('ошибка').toString('latin1'), null)).toBe('ошибка');
    const chinese = Buffer.from([0xc4, 0xfa, 0xb5, 0xc4, 0xd3, 0xca, 0xbc, 0xfe, 0xce, 0xde, 0xb7, 0xa8]).toString('latin1');
    expect(decodeCharset(chinese, null)).toBe('您的邮件无法');
  });

  it('in quoted-printable and base64 is undone', () => {
    expect(decodeQuotedPrintable('a=3Db=\nc=  \nd=ZZ')).toBe('a=bcd=ZZ');
    expect(decodeTransfer('NTUwIGdvbmU=', 'BASE64')).toBe('550 gone');
    expect(decodeTransfer('x', '7-bit')).toBe('x');
  });

  it('in encoded words is undone, adjacent ones joined', () => {
    expect(decodeHeaderText('=?utf-8?Q?a_b?= =?utf-8?Q?=C3=A9?= c')).toBe('a bé c');
    expect(decodeHeaderText('=?iso-8859-1?B?/A==?=')).toBe('ü');
    expect(decodeHeaderText('=?x-odd?Q?broken')).toBe('=?x-odd?Q?broken');
  });
});

describe('header fields', () => {
  it('are unfolded, repeated ones kept, names in lower case', () => {
    const { headers, bodyStart } = readHeaders('To: a\n b\nTO: c\n\nbody', 0, 20);
    expect(headers.get('to')).toEqual(['a b', 'c']);
    expect(bodyStart).toBe(16);
  });

  it('give value and parameters, quoted, unquoted and in pieces', () => {
    expect(parseStructured('Multipart/Report; report-type=delivery-status;\n boundary="a;b\\"c"')).toEqual({
      value: 'multipart/report',
      params: new Map([
        ['report-type', 'delivery-status'],
        ['boundary', 'a;b"c'],
      ]),
    });
    expect(parseStructured('x/y; name*0="a"; name*1=b').params.get('name')).toBe('ab');
  });
});

describe('the parts of a message', () => {
  it('know their depth inside returned messages', () => {
    const raw = bytesOf(
      'Content-Type: multipart/mixed; boundary=a\n\npreamble\n--a\n\nfirst\n--a\nContent-Type: message/rfc822\n\nSubject: inner\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<b>x</b>\n--b--\n--a--\n',
    );
    expect(openMail(raw).parts.map(({ type, embedded }) => [type, embedded])).toEqual([
      ['text/plain', 0],
      ['text/html', 1],
    ]);
  });

  it('are decoded by their own encoding and character set', () => {
    const raw = bytesOf('Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nf=FCr\n');
    const part = openMail(raw).parts[0];
    expect(part === undefined ? null : partText(part).trim()).toBe('für');
  });

  it('of any bytes are some list', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(openMail(bytes).parts.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the text of HTML', () => {
  it('breaks lines, reads entities, hides scripts and keeps bare addresses', () => {
    const html = '<html><style>p{}</style><p>Hello&nbsp;&lt;b&gt; &#228;</p><br><ann@b.example><script>x</script>end';
    expect(htmlToText(html).trim()).toBe('Hello <b> ä\n\n<ann@b.example>end');
  });

  it.each(['<', '<p', '&#;', '&#x110000;', '<!-- never closed', '<script>never closed'])('%j does not stop the reader', (html) => {
    expect(typeof htmlToText(html)).toBe('string');
  });
});

describe('addresses in text', () => {
  it.each([
    ['to <ann@b.example>: gone', ['ann@b.example']],
    ['ann@b.example... User unknown', ['ann@b.example']],
    ['RCPT TO:<ann+tag@b.example>', ['ann+tag@b.example']],
    ['write to ann@b.example.', ['ann@b.example']],
    ['ann@b.example<mailto:ann@b.example>', ['ann@b.example', 'ann@b.example']],
    ["'ann@b.example'", ['ann@b.example']],
    ['"ann b"@b.example', ['"ann b"@b.example']],
    ['rcpt=ann@b.example', ['ann@b.example']],
    ['bounce-ann=b.example@s.example', ['bounce-ann=b.example@s.example']],
    ['ann@b.example您好', ['ann@b.example']],
    ['no address @ all, @b, a@', []],
  ])('%j', (text, addresses) => {
    expect(findAddresses(text).map(({ address }) => address)).toEqual(addresses);
  });

  it.each([
    ['rfc822; ann@b.example', 'ann@b.example'],
    ['RFC822;<ann@b.example>', 'ann@b.example'],
    ['rfc822; ann@b.example (Ann)', 'ann@b.example'],
    ['rfc822;@relay.example:ann@b.example', 'ann@b.example'],
    ['rfc822;|/bin/cat ann@b.example -f', 'ann@b.example'],
    ['x400; /C=US/', null],
    ['rfc822; /RFC-822=ann(a)b.example/ADMD=', 'ann@b.example'],
    ['', null],
  ])('in the field value %j', (value, address) => {
    expect(fieldAddress(value)).toBe(address);
  });

  it('is one address or none', () => {
    expect(cleanAddress('ann@b.example, ben@b.example')).toBeNull();
    expect(cleanAddress(' <ann@b.example> ')).toBe('ann@b.example');
    expect(cleanAddress('ann+40b.example')).toBe('ann@b.example');
  });
});

describe('the text of a report', () => {
  it.each([
    '--- Below this line is a copy of the message.',
    '------ This is a copy of the message, including all the headers. ------',
    '   ----- Original message -----',
    '   ----- Message header follows -----',
    'Original message follows.',
    'Original message headers:',
    '--- Mensaje original adjunto.',
    'Received: from a by b; Mon, 2 Feb 2026 10:00:00 +0000',
  ])('ends at %s', (marker) => {
    expect(cutOriginal(`It failed.\n\n${marker}\n\nTo: x@b.example`).notice.trim()).toBe('It failed.');
  });

  it.each([
    'The original message was received at Mon, 2 Feb 2026',
    'delete your own text from the attached returned message.',
    'A transcript of the attempts to send the message follows.',
  ])('goes on behind %s', (line) => {
    expect(cutOriginal(`Hello.\n${line}\n<a@b.example>: gone`).notice).toContain('gone');
  });

  it('loses the footer of a scanner and nothing else', () => {
    expect(withoutFooter('550 gone\n\n__________ Note __________\n\nScanned by an antivirus program\n').trim()).toBe('550 gone');
    const ruled = '----------------------\n<a@b.example>: delivery failed, virus found\n';
    expect(withoutFooter(`Report\n${ruled}`)).toContain('virus found');
  });
});
