import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { classifyMessage } from '../../../src/reports/classify-message.ts';
import { bytesOf, RETURNED } from './raw-mail.ts';

const book = defaultRuleBook();
const NOTICE =
  'This is the mail system at host mx.sender.example.\n\nYour message could not be delivered.\n\n<ann@customer.example>: 550 5.1.1 User unknown\n';

function classified(from: string, subject: string, body: string, type = 'text/plain; charset=utf-8') {
  const head = `From: ${from}\nTo: news@sender.example\nSubject: ${subject}\nContent-Type: ${type}`;
  return classifyMessage(bytesOf(`${head}\n\n${body}\n`), book);
}

describe('a person who speaks of a bounce', () => {
  it.each([
    ['Fwd: Undelivered Mail Returned to Sender', 'Can you help? The mail said 550 5.1.1 User unknown for ann@customer.example'],
    ['Fwd: failure notice', 'Mine to ann@customer.example was refused: 550 5.1.1 no such user. Is there a newer address?'],
    ['Undelivered Mail Returned to Sender', 'I received this today: 550 5.1.1 <ann@customer.example>: User unknown. Any idea why?'],
    ['Re: Mail delivery failed', 'I got "Your message could not be delivered" for ann@customer.example, 550 no such user.'],
    ['WG: Unzustellbar: Angebote', 'Die Nachricht an ann@customer.example konnte nicht zugestellt werden, 550 5.1.1 User unknown'],
    ['Your order', 'Hi, your message could not be delivered to ann@customer.example, user unknown. Could you send it again?'],
    ['Re: Undelivered mail', 'Odd.\n\n> Final-Recipient: rfc822; ann@customer.example\n> Action: failed\n> Status: 5.1.1'],
  ])('under "%s" hurts nobody: %s', (subject, body) => {
    expect(classified('Ben <ben@sender.example>', subject, body)).toEqual({ kind: 'OTHER', recipients: [] });
  });

  it.each([
    ['at once', NOTICE],
    ['below a line of theirs', `Can you help?\n\n${NOTICE}`],
    [
      'below the daemon’s name',
      'FYI\n\n---------- Forwarded message ---------\nFrom: <MAILER-DAEMON@mx.sender.example>\nTo: ben@sender.example\n\n<ann@customer.example>: 550 5.1.1 User unknown',
    ],
    [
      'below its name in another language',
      '*Von:* Mail Delivery System <x@mx.sender.example>\n\n<ann@customer.example>: 550 5.1.1 User unknown',
    ],
  ])('but passes the whole report on, %s, is believed as the report is', (_where, body) => {
    expect(classified('Ben <ben@sender.example>', 'Fwd: Undelivered Mail Returned to Sender', body)).toMatchObject({
      kind: 'BOUNCE',
      recipients: [{ address: 'ann@customer.example', type: 'HARD', reason: 'USER_UNKNOWN' }],
    });
  });

  it('and attaches the report is read by what is attached', () => {
    const report = `From: MAILER-DAEMON@mx.sender.example\nSubject: Undelivered mail\n\n${NOTICE}`;
    const body = `--fw\nContent-Type: text/plain\n\nCan you help? It says 550 5.1.1 User unknown for ben@customer.example.\n\n--fw\nContent-Type: message/rfc822\n\n${report}\n--fw--`;
    expect(classified('Ben <ben@sender.example>', 'Fwd: Undelivered mail', body, 'multipart/mixed; boundary=fw')).toMatchObject({
      kind: 'BOUNCE',
      recipients: [{ address: 'ann@customer.example' }],
    });
  });

  it('is told from a gateway that writes under a name of its own', () => {
    const body = 'The mail below could not be delivered.\n\n<ann@customer.example>: 550 5.1.1 User unknown';
    expect(classified('gate@host.example', 'Mail could not be delivered', body).kind).toBe('BOUNCE');
  });
});

describe('a sentence that denies a delivery', () => {
  const sentences = [
    'Die Nachricht wurde leider nicht an ann@customer.example zugestellt',
    'Your message has not been successfully delivered to ann@customer.example',
    'The message was never delivered to ann@customer.example',
    'We were unable to get your message delivered to ann@customer.example',
    "Votre message n'a pas été livré à ann@customer.example",
    'A mensagem não chegou a ser entregue a ann@customer.example',
    'Het bericht is niet bij ann@customer.example bezorgd',
    'Meddelandet levererades inte till ann@customer.example',
    'Viestiä ei toimitettu osoitteeseen ann@customer.example',
    'Az üzenet nem lett kézbesítve: ann@customer.example',
    'İletiniz teslim edilmedi: ann@customer.example',
    'メールは ann@customer.example に配達されませんでした',
  ];

  it.each(sentences)('makes a bounce of unknown cause where a mail daemon wrote it: %s', (sentence) => {
    expect(classified('MAILER-DAEMON@mx.customer.example', 'Information', sentence)).toMatchObject({
      kind: 'BOUNCE',
      recipients: [{ address: 'ann@customer.example', type: 'UNDEFINED', reason: 'UNDEFINED' }],
    });
  });

  it.each(sentences)('means nothing where a person wrote it: %s', (sentence) => {
    expect(classified('Ben <ben@sender.example>', 'Information', sentence).kind).toBe('OTHER');
  });

  it.each([
    'Your message arrived at ann@customer.example. Do not reply. It was delivered at noon.',
    'This is not a warning: the message for ann@customer.example was delivered.',
  ])('ends where its sentence ends: %s', (text) => {
    expect(classified('MAILER-DAEMON@mx.customer.example', 'Information', text).kind).not.toBe('BOUNCE');
  });
});

describe('a report saved in a form of its own', () => {
  it.each([
    ['little', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['big', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
  ])('as UTF-16 of %s end first is read all the same', (_end, encode) => {
    const text = `From: MAILER-DAEMON@mx.sender.example\nSubject: Undelivered mail\n\n${NOTICE}\n--- Below this line is a copy of the message.\n\n${RETURNED}`;
    expect(classifyMessage(encode(text), book)).toMatchObject({ kind: 'BOUNCE', recipients: [{ address: 'ann@customer.example' }] });
    expect(classifyMessage(encode(`${text}.`).subarray(0, -1), book).kind).toBe('BOUNCE');
  });

  it('in Chinese, with the address in brackets inside the sentence, names who is unknown', () => {
    const body = '很遗憾，您寄出的邮件已被退回。\n收件人：ann@customer.example\n原因：收件人的邮件地址（ann@customer.example）并不存在。';
    expect(classified('Postmaster@mx.customer.example', '系统退信', body)).toMatchObject({
      kind: 'BOUNCE',
      recipients: [{ address: 'ann@customer.example', type: 'HARD', reason: 'USER_UNKNOWN' }],
    });
  });
});

describe('a sendmail transcript', () => {
  const transcript = (command: string) =>
    classified(
      'MAILER-DAEMON@mx.sender.example',
      'Returned mail: see transcript for details',
      `   ----- The following addresses had permanent fatal errors -----\n<ann@customer.example>\n\n   ----- Transcript of session follows -----\n... while talking to mx.customer.example.:\n>>> ${command}\n<<< 550 5.1.1 no\n`,
    ).recipients[0];

  it('blames the sender where the sender was refused', () => {
    const verdict = { address: 'ann@customer.example', type: 'SOFT', reason: 'REFUSED', fault: 'SENDER' };
    expect(transcript('MAIL From:<news@sender.example> SIZE=1543')).toMatchObject(verdict);
  });

  it('blames the recipient where the recipient was refused', () => {
    expect(transcript('RCPT To:<ann@customer.example>')).toMatchObject({ type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' });
  });
});
