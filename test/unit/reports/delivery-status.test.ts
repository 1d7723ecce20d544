import { describe, expect, it } from 'vitest';
import { findDeliveryStatus, readDeliveryStatus } from '../../../src/reports/delivery-status.ts';
import { parseMessage } from '../../../src/reports/parse-message.ts';
import { bytesOf, mailText, RETURNED, rawReport, reportText } from './raw-mail.ts';

const HEAD = 'Reporting-MTA: dns; mx.sender.example\nArrival-Date: Mon, 2 Feb 2026 10:00:00 +0000';

function group(address: string, action: string, status: string, diagnostic?: string): string {
  const lines = [`Final-Recipient: rfc822; ${address}`, `Action: ${action}`, `Status: ${status}`];
  if (diagnostic !== undefined) lines.push('Remote-MTA: dns; mx.customer.example', `Diagnostic-Code: smtp; ${diagnostic}`);
  return lines.join('\n');
}

const ONE = `${HEAD}\n\n${group('ann@customer.example', 'failed', '5.1.1', '550 5.1.1 no such account')}`;

describe('a delivery report', () => {
  it('says who failed, why, where and by which message of ours', () => {
    const parsed = parseMessage(rawReport({ status: ONE }));
    expect(parsed.kind).toBe('BOUNCE');
    expect(parsed.original).toMatchObject({
      messageId: 'm-1001@sender.example',
      from: 'news@sender.example',
      subject: 'Offers of the week',
    });
    expect(parsed.recipients).toHaveLength(1);
    expect(parsed.recipients[0]).toMatchObject({
      address: 'ann@customer.example',
      action: 'failed',
      evidence: {
        channel: 'EMAIL',
        text: '550 5.1.1 no such account',
        enhancedCode: '5.1.1',
        remoteHost: 'mx.customer.example',
        reportingHost: 'mx.sender.example',
        origin: 'ASYNC',
      },
    });
  });

  it('reads an address in the spelling of RFC 3461 that a server handed on', () => {
    const status = `${HEAD}\n\nOriginal-Recipient: rfc822;ann+2Bshop@customer.example\n${group('box7@inner.example', 'failed', '5.1.1')}`;
    expect(parseMessage(rawReport({ status })).recipients[0]).toMatchObject({ address: 'ann+shop@customer.example' });
  });

  it('judges several recipients each alone', () => {
    const status = [
      HEAD,
      group('ann@customer.example', 'failed', '5.1.1', '550 no such account'),
      group('ben@customer.example', 'delayed', '4.2.2', '452 mailbox full'),
      group('cleo@customer.example', 'relayed', '2.0.0'),
    ].join('\n\n');
    const parsed = parseMessage(rawReport({ status }));
    expect(parsed.kind).toBe('BOUNCE');
    expect(parsed.recipients.map(({ address, action, evidence }) => [address, action, evidence.text])).toEqual([
      ['ann@customer.example', 'failed', '550 no such account'],
      ['ben@customer.example', 'delayed', '452 mailbox full'],
      ['cleo@customer.example', 'relayed', ''],
    ]);
  });

  it('names a recipient once although it is listed twice', () => {
    const status = [HEAD, group('ann@customer.example', 'failed', '5.1.1'), group('Ann@customer.example', 'failed', '5.1.1')].join('\n\n');
    expect(parseMessage(rawReport({ status })).recipients).toHaveLength(1);
  });

  it('puts failures in front of what arrived', () => {
    const status = [HEAD, group('ann@customer.example', 'delivered', '2.0.0'), group('ben@customer.example', 'failed', '5.2.2')].join(
      '\n\n',
    );
    expect(parseMessage(rawReport({ status })).recipients.map(({ address }) => address)).toEqual([
      'ben@customer.example',
      'ann@customer.example',
    ]);
  });

  it.each([
    ['delayed', '4.4.1', 'DELAY'],
    ['delivered', '2.0.0', 'DELIVERED'],
    ['relayed', '2.0.0', 'DELIVERED'],
    ['expanded', '2.0.0', 'DELIVERED'],
    ['failed', '5.0.0', 'BOUNCE'],
    ['Failed (Bad destination)', '5.1.1', 'BOUNCE'],
    ['failure', '5.1.1', 'BOUNCE'],
  ])('with Action: %s and status %s is %s', (action, status, kind) => {
    const text = `${HEAD}\n\n${group('ann@customer.example', action, status)}`;
    expect(parseMessage(rawReport({ status: text, notice: 'See below.', subject: 'Report' })).kind).toBe(kind);
  });

  it('names the address that was written to and keeps the alias target beside it', () => {
    const status = `${HEAD}\n\nOriginal-Recipient: rfc822;ann@customer.example\n${group('ann7@store.customer.example', 'failed', '5.2.2')}`;
    expect(parseMessage(rawReport({ status })).recipients[0]).toMatchObject({
      address: 'ann@customer.example',
      otherAddress: 'ann7@store.customer.example',
    });
  });

  it('reads internationalised addresses (RFC 6533)', () => {
    const status = `${HEAD}\n\nFinal-Recipient: utf-8; \u00e4nn@kunde.example\nAction: failed\nStatus: 5.1.1`;
    expect(parseMessage(rawReport({ status, statusType: 'message/global-delivery-status' })).recipients[0]?.address).toBe(
      '\u00e4nn@kunde.example',
    );
    const escaped = `${HEAD}\n\nFinal-Recipient: utf-8; \\x{E4}nn@kunde.example\nAction: failed\nStatus: 5.1.1`;
    expect(parseMessage(rawReport({ status: escaped })).recipients[0]?.address).toBe('\u00e4nn@kunde.example');
  });

  it('takes the words of the human-readable part where the diagnostic is missing', () => {
    const status = `${HEAD}\n\n${group('ann@customer.example', 'failed', '5.0.0')}`;
    const notice =
      'Your message could not be delivered.\n\n<ann@customer.example>: host mx.customer.example[198.51.100.4] said: 550 mailbox is full';
    expect(parseMessage(rawReport({ status, notice })).recipients[0]?.evidence.text).toBe('550 mailbox is full');
  });

  it('completes a reply that sendmail cut after its first line', () => {
    const status = `${HEAD}\n\n${group('ann@customer.example', 'failed', '5.1.1', '550-5.1.1 The person you wrote to')}`;
    const notice =
      '   ----- Transcript of session follows -----\n>>> RCPT To:<ann@customer.example>\n<<< 550-5.1.1 The person you wrote to\n<<< 550 5.1.1 has left.\n550 5.1.1 <ann@customer.example>... User unknown';
    expect(parseMessage(rawReport({ status, notice })).recipients[0]?.evidence.text).toBe(
      '550-5.1.1 The person you wrote to 550 5.1.1 has left.',
    );
  });
});

describe('a damaged delivery report', () => {
  it.each([
    ['CRLF line ends', (text: string) => text.replace(/\n/g, '\r\n')],
    ['CR line ends alone', (text: string) => text.replace(/\n/g, '\r')],
    ['an mbox From line', (text: string) => `From MAILER-DAEMON Mon Feb  2 10:05:00 2026\n${text}`],
    ['blank lines in front', (text: string) => `\n   \n${text}`],
    ['no Content-Type', (text: string) => text.replace(/Content-Type: multipart[^\n]*\n/, '')],
    ['a wrong boundary', (text: string) => text.replace('boundary="report-boundary-1"', 'boundary="another"')],
    ['an empty boundary', (text: string) => text.replace('boundary="report-boundary-1"', 'boundary=')],
    ['a boundary with odd characters', (text: string) => text.replaceAll('report-boundary-1', 'a?b=_1.2/x y')],
    ['no closing delimiter', (text: string) => text.slice(0, text.indexOf('Hello Ann'))],
    ['its returned message cut off', (text: string) => text.slice(0, text.indexOf('Return-Path: <news'))],
    [
      'a header line that lost its indent',
      (text: string) => text.replace('MIME-Version: 1.0', 'Received: from a\nby b; Mon, 2 Feb 2026\nMIME-Version: 1.0'),
    ],
    ['the wrong media type', (text: string) => text.replace('message/delivery-status', 'text/plain')],
  ])('with %s is still read', (_, damage) => {
    const parsed = parseMessage(bytesOf(damage(reportText({ status: ONE }))));
    expect(parsed.kind).toBe('BOUNCE');
    expect(parsed.recipients[0]).toMatchObject({ address: 'ann@customer.example', evidence: { text: '550 5.1.1 no such account' } });
  });

  it('is found inside a forwarded message', () => {
    const body = `--fw\nContent-Type: text/plain\n\nFYI, look at this.\n\n--fw\nContent-Type: message/rfc822\n\n${reportText({ status: ONE })}\n--fw--\n`;
    const raw = bytesOf(
      mailText({ from: 'Olga <olga@sender.example>', subject: 'Fwd: Undelivered', contentType: 'multipart/mixed; boundary=fw', body }),
    );
    const parsed = parseMessage(raw);
    expect(parsed.kind).toBe('BOUNCE');
    expect(parsed.recipients.map(({ address }) => address)).toEqual(['ann@customer.example']);
    expect(parsed.original?.messageId).toBe('m-1001@sender.example');
  });

  it('is found in quoted-printable and base64 parts', () => {
    const base64 = Buffer.from(ONE)
      .toString('base64')
      .replace(/(.{60})/g, '$1\n');
    const text = reportText({ status: base64, statusType: 'message/delivery-status\nContent-Transfer-Encoding: base64' });
    expect(parseMessage(bytesOf(text)).recipients[0]?.address).toBe('ann@customer.example');
    const quoted = reportText({
      status: ONE.replace('rfc822; ann', 'rfc822;=\n ann'),
      statusType: 'message/delivery-status\nContent-Transfer-Encoding: quoted-printable',
    });
    expect(parseMessage(bytesOf(quoted)).recipients[0]?.address).toBe('ann@customer.example');
  });
});

describe('delivery-status fields', () => {
  it('belong to one recipient although a blank line stands between them', () => {
    const { recipients } = readDeliveryStatus('Final-Recipient: rfc822;a@b.example\n\nAction: failed\nStatus: 5.1.1\n');
    expect(recipients).toHaveLength(1);
    expect(recipients[0]?.fields.get('status')).toBe('5.1.1');
  });

  it('belong to two recipients although no blank line stands between them', () => {
    const { recipients } = readDeliveryStatus(
      'Final-Recipient: rfc822;a@b.example\nAction: failed\nFinal-Recipient: rfc822;c@b.example\nAction: delayed\n',
    );
    expect(recipients.map(({ fields }) => fields.get('action'))).toEqual(['failed', 'delayed']);
  });

  it('are kept apart where the second recipient begins with another field than the first', () => {
    const { recipients } = readDeliveryStatus(
      'Final-Recipient: rfc822;a@b.example\nAction: failed\n\nOriginal-Recipient: rfc822;c@b.example\nFinal-Recipient: rfc822;d@b.example\nAction: failed\n',
    );
    expect(recipients.map(({ fields }) => fields.get('original-recipient'))).toEqual([undefined, 'rfc822;c@b.example']);
  });

  it('are not sought in ordinary text without them', () => {
    expect(findDeliveryStatus(RETURNED)).toBeNull();
  });
});
