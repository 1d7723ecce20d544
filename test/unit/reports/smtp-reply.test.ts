import { describe, expect, it } from 'vitest';
import { answeringHost, innerReply, parseSmtpReply, refusedCommand } from '../../../src/reports/smtp-reply.ts';

describe('one SMTP reply', () => {
  it.each([
    ['550 5.1.1 No such account', 550, '5.1.1', 'No such account'],
    ['550-5.1.1 No such\r\n550 5.1.1 account', 550, '5.1.1', 'No such account'],
    ['550-5.1.1 No such 550 5.1.1 account', 550, '5.1.1', 'No such account'],
    ['452 mailbox full', 452, null, 'mailbox full'],
    ['550 #5.1.0 Address rejected.', 550, '5.1.0', 'Address rejected.'],
    ['511 no mailbox here (#5.1.1 - chkuser)', 511, '5.1.1', 'no mailbox here ( - chkuser)'],
    ['421-4.7.28 too fast', 421, '4.7.28', 'too fast'],
    ['mx.customer.example said: 550 5.7.1 blocked', 550, '5.7.1', 'mx.customer.example said: blocked'],
    ['5.1.0 - Unknown address error', null, '5.1.0', '- Unknown address error'],
    ['Host or domain name not found', null, null, 'Host or domain name not found'],
    ['', null, null, ''],
  ])('%j gives code %s and status %s', (reply, smtpCode, enhancedCode, text) => {
    expect(parseSmtpReply(reply)).toEqual({ smtpCode, enhancedCode, text });
  });

  it('is not confused by addresses, versions and amounts of numbers', () => {
    expect(parseSmtpReply('connect to mx[192.0.2.550]: timed out').smtpCode).toBeNull();
    expect(parseSmtpReply('running version 5.2.10.7').enhancedCode).toBeNull();
  });
});

describe('the reply inside a sentence', () => {
  it.each([
    [
      'host mx.customer.example[198.51.100.4] said: 550 5.1.1 gone (in reply to RCPT TO command)',
      '550 5.1.1 gone',
      'RCPT',
      'mx.customer.example',
    ],
    ['host mx.customer.example[198.51.100.4] refused to talk to\n    me: 421 too many', '421 too many', null, 'mx.customer.example'],
    ['host mx.customer.example[198.51.100.4]\nsaid: 554 spam (in reply to end of DATA command)', '554 spam', 'DATA', 'mx.customer.example'],
    [
      'SMTP error from remote mail server after MAIL FROM:<a@b.example> SIZE=99:\n host mx.customer.example [198.51.100.4]: 550 no',
      '550 no',
      'MAIL',
      'mx.customer.example',
    ],
    [
      'host mx.customer.example [198.51.100.4]\n SMTP error from remote mail server after initial connection:\n 571 no PTR',
      '571 no PTR',
      'CONNECT',
      'mx.customer.example',
    ],
    [
      '192.0.2.1 does not like recipient.\nRemote host said: 550 gone\nGiving up on 192.0.2.1.',
      '550 gone Giving up on 192.0.2.1.',
      'RCPT',
      null,
    ],
    ['The error that the other server returned was: 552 full', '552 full', null, null],
    ["Remote Server returned '550 5.4.1 denied'", "550 5.4.1 denied'", null, null],
    ['not delivered because:\n\n mailbox is full\n\nThank you', 'mailbox is full', null, null],
    ['Mailbox is full', 'Mailbox is full', null, null],
    [
      '>>> MAIL From:<news@sender.example> SIZE=9\n<<< 550 5.1.1 no',
      '>>> MAIL From:<news@sender.example> SIZE=9 <<< 550 5.1.1 no',
      'MAIL',
      null,
    ],
    [
      '>>> MAIL From:<a@b.example> <<< 250 ok >>> RCPT To:<c@d.example> <<< 550 no',
      '>>> MAIL From:<a@b.example> <<< 250 ok >>> RCPT To:<c@d.example> <<< 550 no',
      'RCPT',
      null,
    ],
  ])('%j', (text, reply, command, host) => {
    expect(innerReply(text)).toBe(reply);
    expect(refusedCommand(text)).toBe(command);
    expect(answeringHost(text)).toBe(host);
  });
});
