import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/reports/parse-message.ts';
import { RETURNED, rawMail } from './raw-mail.ts';

function feedback(fields: string, returned = RETURNED): Uint8Array {
  const body = [
    '--fb',
    'Content-Type: text/plain',
    '',
    'This is an abuse report for a message that one of our users received.',
    '',
    '--fb',
    'Content-Type: message/feedback-report',
    '',
    fields,
    '',
    '--fb',
    'Content-Type: message/rfc822',
    '',
    returned,
    '--fb--',
    '',
  ].join('\n');
  return rawMail({
    from: 'Feedback <fbl@provider.example>',
    to: 'abuse@sender.example',
    subject: 'FW: Offers of the week',
    contentType: 'multipart/report; report-type=feedback-report; boundary=fb',
    body,
  });
}

describe('a feedback report (RFC 5965)', () => {
  it.each(['abuse', 'fraud', 'virus', 'other', 'opt-out', 'miscategorized'])('of type %s is a complaint', (type) => {
    const parsed = parseMessage(feedback(`Feedback-Type: ${type}\nUser-Agent: X/1\nVersion: 1\nOriginal-Rcpt-To: <ann@customer.example>`));
    expect(parsed).toMatchObject({ kind: 'COMPLAINT', feedbackType: type });
    expect(parsed.recipients.map(({ address, action }) => [address, action])).toEqual([['ann@customer.example', 'complained']]);
    expect(parsed.recipients[0]?.evidence.origin).toBe('FEEDBACK_LOOP');
  });

  it.each(['auth-failure', 'not-spam', 'dmarc'])('of type %s suppresses nobody', (type) => {
    const parsed = parseMessage(feedback(`Feedback-Type: ${type}\nAuth-Failure: dkim\nOriginal-Rcpt-To: <ann@customer.example>`));
    expect(parsed).toMatchObject({ kind: 'OTHER', recipients: [] });
  });

  it('names all recipients that complained', () => {
    const parsed = parseMessage(
      feedback(
        'Feedback-Type: abuse\nOriginal-Rcpt-To: <ann@customer.example>\nOriginal-Rcpt-To: <ben@customer.example>\nRemoval-Recipient: ann@customer.example',
      ),
    );
    expect(parsed.recipients.map(({ address }) => address)).toEqual(['ann@customer.example', 'ben@customer.example']);
  });

  it('is asked of the returned message where the report hides the recipient', () => {
    expect(parseMessage(feedback('Feedback-Type: abuse')).recipients[0]?.address).toBe('ann@customer.example');
    expect(parseMessage(feedback('Feedback-Type: abuse\nOriginal-Rcpt-To: <redacted@provider.example>')).recipients[0]?.address).toBe(
      'ann@customer.example',
    );
  });

  it('stays a complaint without any recipient', () => {
    const parsed = parseMessage(feedback('Feedback-Type: abuse', RETURNED.replaceAll('ann@customer.example', 'redacted@customer.example')));
    expect(parsed.kind).toBe('COMPLAINT');
    expect(parsed.recipients).toMatchObject([{ address: null, action: 'complained' }]);
  });

  it('names the message of ours', () => {
    expect(parseMessage(feedback('Feedback-Type: abuse')).original?.messageId).toBe('m-1001@sender.example');
  });
});

describe('a complaint in another shape', () => {
  it('is Microsoft’s junk mail report without a report part', () => {
    const body = `--ms\nContent-Type: message/rfc822\nContent-Disposition: inline\n\nX-HmXmrOriginalRecipient: ann@customer.example\n${RETURNED}\n--ms--\n`;
    const parsed = parseMessage(
      rawMail({
        from: 'staff@hotmail.example',
        subject: 'complaint about message from 192.0.2.10',
        contentType: 'multipart/mixed; boundary="ms"',
        body,
      }),
    );
    expect(parsed.kind).toBe('COMPLAINT');
    expect(parsed.recipients[0]?.address).toBe('ann@customer.example');
  });

  it('is a report that only attaches the message', () => {
    const body = `--r\nContent-Type: text/plain\n\nOur user does not want this.\n--r\nContent-Type: message/rfc822\n\n${RETURNED}\n--r--\n`;
    const parsed = parseMessage(
      rawMail({ from: 'abuse@provider.example', subject: 'Spam complaint', contentType: 'multipart/mixed; boundary=r', body }),
    );
    expect(parsed.kind).toBe('COMPLAINT');
  });

  it('is no statistics mail about authentication', () => {
    const body = `--r\nContent-Type: text/plain\n\nSee attachment.\n--r\nContent-Type: message/rfc822\n\n${RETURNED}\n--r--\n`;
    const parsed = parseMessage(
      rawMail({ from: 'noreply-dmarc@provider.example', subject: 'DMARC abuse report', contentType: 'multipart/mixed; boundary=r', body }),
    );
    expect(parsed.kind).not.toBe('COMPLAINT');
  });

  it('is the mailbox program’s own opt-out mail', () => {
    const parsed = parseMessage(
      rawMail({
        from: 'ann@customer.example',
        to: 'optout+x@sender.example',
        subject: 'unsubscribe',
        headers: ['X-Apple-Unsubscribe: true', 'Auto-Submitted: auto-replied'],
        body: 'The mail program sent this.\n',
      }),
    );
    expect(parsed).toMatchObject({ kind: 'COMPLAINT', feedbackType: 'opt-out' });
    expect(parsed.recipients[0]?.address).toBe('ann@customer.example');
  });
});

describe('a notice of Amazon SES', () => {
  const notice = (json: object) =>
    parseMessage(
      rawMail({
        from: 'SES <no-reply@sns.amazonaws.example>',
        subject: 'AWS Notification Message',
        body: `${JSON.stringify(json)}\n\n--\nIf you wish to stop receiving notifications, visit https://sns.example/\n`,
      }),
    );
  const mail = {
    source: 'news@sender.example',
    messageId: '0101',
    destination: ['ann@customer.example'],
    commonHeaders: { messageId: '<m-1001@sender.example>' },
  };

  it('of a bounce names recipient, status and message', () => {
    const parsed = notice({
      notificationType: 'Bounce',
      bounce: {
        bounceType: 'Permanent',
        bouncedRecipients: [{ emailAddress: 'ann@customer.example', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' }],
      },
      mail,
    });
    expect(parsed.kind).toBe('BOUNCE');
    expect(parsed.original?.messageId).toBe('m-1001@sender.example');
    expect(parsed.recipients[0]).toMatchObject({
      address: 'ann@customer.example',
      evidence: { text: '550 5.1.1 user unknown', enhancedCode: '5.1.1' },
    });
  });

  it('of a complaint, a delivery and a delay is told apart', () => {
    expect(
      notice({ notificationType: 'Complaint', complaint: { complainedRecipients: [{ emailAddress: 'ann@customer.example' }] }, mail }).kind,
    ).toBe('COMPLAINT');
    expect(
      notice({
        eventType: 'Complaint',
        complaint: { complaintFeedbackType: 'not-spam', complainedRecipients: [{ emailAddress: 'ann@customer.example' }] },
        mail,
      }).kind,
    ).toBe('OTHER');
    expect(notice({ notificationType: 'Delivery', delivery: { recipients: ['ann@customer.example'] }, mail }).kind).toBe('DELIVERED');
    expect(
      notice({
        eventType: 'DeliveryDelay',
        deliveryDelay: { delayType: 'MailboxFull', delayedRecipients: [{ emailAddress: 'ann@customer.example' }] },
        mail,
      }).kind,
    ).toBe('DELAY');
  });

  it('wrapped once more by SNS is unwrapped', () => {
    const inner = JSON.stringify({
      notificationType: 'Bounce',
      bounce: { bouncedRecipients: [{ emailAddress: 'ann@customer.example' }] },
      mail,
    });
    expect(notice({ Type: 'Notification', Message: inner }).recipients[0]?.address).toBe('ann@customer.example');
  });
});

describe("Microsoft's complaint that a gateway pasted into the text", () => {
  const body = `X-HmXmrOriginalRecipient: ann@customer.example\nX-Reporter-IP: 192.0.2.200\n${RETURNED.replace('Ann <ann@customer.example>', 'undisclosed')}`;

  it('names who complained', () => {
    const raw = rawMail({ from: 'staff@hotmail.com', subject: 'complaint about message from 192.0.2.10', body });
    expect(parseMessage(raw)).toMatchObject({ kind: 'COMPLAINT', recipients: [{ address: 'ann@customer.example', action: 'complained' }] });
  });

  it('is none where only the name of the field is quoted in a sentence', () => {
    const raw = rawMail({ from: 'ben@firm.example', subject: 'Question', body: 'What is X-HmXmrOriginalRecipient: good for?\n' });
    expect(parseMessage(raw).kind).not.toBe('COMPLAINT');
  });
});
