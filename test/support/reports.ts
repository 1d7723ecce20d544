import type { Door } from '../../src/operations/feedback-item.ts';
import { TOKEN_HEADER } from '../../src/reports/own-token.ts';
import { freshWord } from './fresh.ts';

/** A mailbox: nobody there has shown who he is. */
export const MAILBOX: Door = { name: 'mailbox', authenticated: false, actor: { name: 'mailbox', tokenId: null } };

export interface Failed {
  readonly address: string;
  readonly action?: string;
  readonly status?: string;
  readonly diagnostic?: string;
}

/** A delivery report as RFC 3464 has it. */
export function aReport(failed: readonly Failed[], options: { date?: string; messageId?: string; token?: string } = {}): Uint8Array {
  const { date = 'Sat, 01 Mar 2025 08:00:00 +0000', messageId = `${freshWord()}@sender.example`, token } = options;
  const groups = failed.map(({ address, action = 'failed', status = '5.1.1', diagnostic = `550 5.1.1 <${address}>: User unknown` }) =>
    [`Final-Recipient: rfc822; ${address}`, `Action: ${action}`, `Status: ${status}`, `Diagnostic-Code: smtp; ${diagnostic}`].join('\r\n'),
  );
  const lines = [
    'From: Mail Delivery System <MAILER-DAEMON@relay.example>',
    'To: bounces@sender.example',
    'Subject: Undelivered Mail Returned to Sender',
    `Date: ${date}`,
    `Message-ID: <${freshWord()}@relay.example>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"',
    '',
    '--b1',
    'Content-Type: text/plain',
    '',
    'Your message could not be delivered to one or more recipients.',
    '',
    '--b1',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; relay.example',
    '',
    groups.join('\r\n\r\n'),
    '',
    '--b1',
    'Content-Type: message/rfc822',
    '',
    `Message-ID: <${messageId}>`,
    'From: News <news@sender.example>',
    `To: ${failed[0]?.address}`,
    'Subject: News',
    ...(token === undefined ? [] : [`${TOKEN_HEADER}: ${token}`]),
    '',
    'Hello.',
    '',
    '--b1--',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

export function aComplaint(address: string): Uint8Array {
  return Buffer.from(
    [
      'From: feedback@provider.example',
      'To: fbl@sender.example',
      'Subject: Abuse report',
      'Date: Sat, 01 Mar 2025 09:00:00 +0000',
      `Message-ID: <${freshWord()}@provider.example>`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=feedback-report; boundary="b2"',
      '',
      '--b2',
      'Content-Type: text/plain',
      '',
      'This is an email abuse report.',
      '',
      '--b2',
      'Content-Type: message/feedback-report',
      '',
      'Feedback-Type: abuse',
      'User-Agent: Provider/1.0',
      'Version: 1',
      `Original-Rcpt-To: <${address}>`,
      '',
      '--b2',
      'Content-Type: message/rfc822',
      '',
      'From: News <news@sender.example>',
      `To: ${address}`,
      `Message-ID: <${freshWord()}@sender.example>`,
      'Subject: News',
      '',
      'Hello.',
      '--b2--',
      '',
    ].join('\r\n'),
  );
}
