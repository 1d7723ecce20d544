/** Builds raw messages for the tests of the reports layer. All people and hosts are invented. */

export interface MailShape {
  readonly from?: string;
  readonly to?: string;
  readonly subject?: string;
  readonly headers?: readonly string[];
  readonly contentType?: string;
  readonly encoding?: string;
  readonly body: string;
}

/** The message that the reports of these tests return. */
export const RETURNED = [
  'Return-Path: <news@sender.example>',
  'Received: from app.sender.example (app.sender.example [192.0.2.10])',
  '\tby mx.sender.example (Postfix) with ESMTP id 4F1A22 for <ann@customer.example>;',
  '\tMon, 2 Feb 2026 10:00:00 +0000 (UTC)',
  'Message-ID: <m-1001@sender.example>',
  'From: News <news@sender.example>',
  'To: Ann <ann@customer.example>',
  'Subject: Offers of the week',
  'Date: Mon, 2 Feb 2026 10:00:00 +0000',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Hello Ann, mail us at help@sender.example if you have questions.',
  '',
].join('\n');

/** One message as a string with LF line ends. */
export function mailText(shape: MailShape): string {
  const headers = [
    'Return-Path: <>',
    `From: ${shape.from ?? 'Mail Delivery System <MAILER-DAEMON@mx.sender.example>'}`,
    `To: ${shape.to ?? 'bounce@sender.example'}`,
    `Subject: ${shape.subject ?? 'Undelivered Mail Returned to Sender'}`,
    'Date: Mon, 2 Feb 2026 10:05:00 +0000',
    'Message-ID: <report-77@mx.sender.example>',
    'MIME-Version: 1.0',
    `Content-Type: ${shape.contentType ?? 'text/plain; charset=utf-8'}`,
    ...(shape.encoding === undefined ? [] : [`Content-Transfer-Encoding: ${shape.encoding}`]),
    ...(shape.headers ?? []),
  ];
  return `${headers.join('\n')}\n\n${shape.body}`;
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The bytes of one message, UTF-8. */
export function rawMail(shape: MailShape): Uint8Array {
  return bytesOf(mailText(shape));
}

export interface ReportShape {
  readonly notice?: string;
  /** The text of the delivery-status part, groups apart by blank lines. */
  readonly status: string;
  readonly statusType?: string;
  readonly boundary?: string;
  readonly returned?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly headers?: readonly string[];
}

/** An RFC 3464 report as a string with LF line ends. */
export function reportText(shape: ReportShape): string {
  const boundary = shape.boundary ?? 'report-boundary-1';
  const body = [
    `--${boundary}`,
    'Content-Type: text/plain; charset=us-ascii',
    '',
    shape.notice ?? 'Something happened to your message.',
    '',
    `--${boundary}`,
    `Content-Type: ${shape.statusType ?? 'message/delivery-status'}`,
    '',
    shape.status,
    '',
    `--${boundary}`,
    'Content-Type: message/rfc822',
    '',
    shape.returned ?? RETURNED,
    `--${boundary}--`,
    '',
  ].join('\n');
  return mailText({
    body,
    contentType: `multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    ...(shape.subject === undefined ? {} : { subject: shape.subject }),
    ...(shape.from === undefined ? {} : { from: shape.from }),
    ...(shape.headers === undefined ? {} : { headers: shape.headers }),
  });
}

export function rawReport(shape: ReportShape): Uint8Array {
  return bytesOf(reportText(shape));
}
