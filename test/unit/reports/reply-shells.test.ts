import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { classifyMessage, classifyReply } from '../../../src/reports/classify-message.ts';
import { bytesOf, mailText, RETURNED, reportText } from './raw-mail.ts';

const book = defaultRuleBook();
const PEOPLE = ['ann@customer.example', 'ben@other.example', 'cleo@customer.example'] as const;

/** Replies in our own words; `*` stands for the recipient. */
const REPLIES = [
  '550 5.1.1 <*>: Recipient address rejected: User unknown in virtual mailbox table',
  '550 Requested action not taken: mailbox unavailable',
  '552 5.2.2 <*>... Mailbox is full',
  '452 4.2.2 over quota',
  '550 5.2.1 this account is disabled',
  '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using a list',
  '550 5.7.26 this mail is unauthenticated (SPF and DKIM)',
  '554 message looks like spam',
  '552 5.3.4 message too large',
  '451 4.7.1 Greylisted, try again in 300 seconds',
  '421 too many connections',
  '550 5.7.1 <*>: Relay access denied',
  '554 5.4.6 too many hops',
  '553 5.1.8 <news@sender.example>... Domain of sender address does not exist',
  '550 Go away',
  '554 Transaction failed',
  '550 5.7.0 Local policy',
] as const;

type Entry = readonly [address: string, reply: string];

function folded(text: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length > 68) {
      lines.push(line);
      line = `    ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

const each = (entries: readonly Entry[], write: (entry: Entry) => string, between = '\n\n') => entries.map(write).join(between);

/** The layouts of the programs that put a reply into a report. */
const SHELLS: Readonly<Record<string, (entries: readonly Entry[]) => string>> = {
  Postfix: (entries) =>
    mailText({
      body: `This is the mail system at host mx.sender.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\n                   The mail system\n\n${each(entries, ([address, reply]) => folded(`<${address}>: host mx.customer.example[198.51.100.4] said: ${reply} (in reply to RCPT TO command)`))}\n`,
    }),
  Exim: (entries) =>
    mailText({
      subject: 'Mail delivery failed: returning message to sender',
      headers: [`X-Failed-Recipients: ${entries.map(([address]) => address).join(',\n  ')}`],
      body: `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n${each(entries, ([address, reply]) => `  ${address}\n    host mx.customer.example [198.51.100.4]\n    SMTP error from remote mail server after RCPT TO:<${address}>:\n    ${reply}`, '\n')}\n\n------ This is a copy of the message, including all the headers. ------\n\n${RETURNED}`,
    }),
  qmail: (entries) =>
    mailText({
      subject: 'failure notice',
      body: `Hi. This is the qmail-send program at mx.sender.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n${each(entries, ([address, reply]) => `<${address}>:\n198.51.100.4 does not like recipient.\nRemote host said: ${reply}\nGiving up on 198.51.100.4.`)}\n\n--- Below this line is a copy of the message.\n\n${RETURNED}`,
    }),
  sendmail: (entries) =>
    mailText({
      subject: 'Returned mail: see transcript for details',
      body: `The original message was received at Mon, 2 Feb 2026 10:00:00 GMT\n\n   ----- The following addresses had permanent fatal errors -----\n${each(entries, ([address, reply]) => `<${address}>\n    (reason: ${reply})`, '\n')}\n\n   ----- Transcript of session follows -----\n... while talking to mx.customer.example.:\n${each(entries, ([address, reply]) => `>>> RCPT To:<${address}>\n<<< ${reply}\n550 5.1.1 <${address}>... User unknown`, '\n')}\n`,
    }),
  'sendmail without reasons': (entries) =>
    mailText({
      subject: 'Returned mail: Service unavailable',
      body: `   ----- The following addresses had permanent fatal errors -----\n${each(entries, ([address]) => `<${address}>`, '\n')}\n\n   ----- Transcript of session follows -----\n... while talking to mx.customer.example.:\n${each(entries, ([address, reply]) => `>>> RCPT To:<${address}>\n<<< ${reply}`, '\n')}\n`,
    }),
  'a delivery report': (entries) =>
    reportText({
      status: `Reporting-MTA: dns; mx.sender.example\n\n${each(entries, ([address, reply]) => `Final-Recipient: rfc822; ${address}\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; ${folded(reply)}`)}`,
    }),
  Exchange: (entries) =>
    mailText({
      from: 'postmaster@sender.example',
      subject: 'Undeliverable: Offers of the week',
      body: `Delivery has failed to these recipients or groups:\n\n${each(entries, ([address]) => `${address}<mailto:${address}>\nA problem occurred.`)}\n\nDiagnostic information for administrators:\n\nGenerating server: mx.sender.example\n\n${each(entries, ([address, reply]) => `${address}\nRemote Server returned '${reply}'`)}\n\nOriginal message headers:\n\n${RETURNED}`,
    }),
  Yahoo: (entries) =>
    mailText({
      subject: 'Failure Notice',
      body: `Sorry, we were unable to deliver your message to the following address.\n\n${each(entries, ([address, reply]) => `<${address}>:\n${reply}`)}\n\n--- Below this line is a copy of the message.\n\n${RETURNED}`,
    }),
  OpenSMTPD: (entries) =>
    mailText({
      subject: 'Delivery status notification: error',
      body: `    Hi!\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\n${each(entries, ([address, reply]) => `${address}: ${reply}`, '\n')}\n\n    Below is a copy of the original message:\n\n${RETURNED}`,
    }),
};

/** Layouts that report on one recipient only. */
const SINGLE_SHELLS: Readonly<Record<string, (address: string, reply: string) => string>> = {
  Gmail: (address, reply) =>
    mailText({
      from: 'Mail Delivery Subsystem <mailer-daemon@googlemail.com>',
      subject: 'Delivery Status Notification (Failure)',
      headers: [`X-Failed-Recipients: ${address}`],
      body: `Delivery to the following recipient failed permanently:\n\n     ${address}\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain customer.example by mx.customer.example. [198.51.100.4].\n\nThe error that the other server returned was:\n${reply}\n\n----- Original message -----\n\n${RETURNED}`,
    }),
  IMail: (address, reply) =>
    mailText({
      subject: 'Undeliverable Mail',
      body: `undeliverable to ${address}\nRCPT TO generated following response:\n${reply}\n\nOriginal message follows.\n\n${RETURNED}`,
    }),
  MailMarshal: (address, reply) =>
    mailText({
      subject: 'Undeliverable Mail: "Offers of the week"',
      body: `Your message:\n   From:    news@sender.example\n   Subject: Offers of the week\n\nCould not be delivered because of\n\n${reply}\n\nThe following recipients were affected: \n    ${address}\n\nAdditional Information\n======================\n`,
    }),
  Domino: (address, reply) =>
    mailText({
      from: 'postmaster@sender.example',
      subject: 'DELIVERY FAILURE',
      body: `Your message\n\n  Subject: Offers of the week\n\nwas not delivered to:\n\n  ${address}\n\nbecause:\n\n  ${reply}\n`,
    }),
  Courier: (address, reply) =>
    mailText({
      subject: 'NOTICE: mail delivery status.',
      body: `This is a delivery status notification from mx.sender.example,\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<${address}>:\n    mx.customer.example [198.51.100.4]:\n    >>> RCPT TO:<${address}>\n    <<< ${reply}\n\n---------------------------------------------------------------------------\n`,
    }),
  DragonFly: (address, reply) =>
    mailText({
      subject: 'Mail delivery failed',
      body: `This is the DragonFly Mail Agent v0.13 at mx.sender.example.\n\nThere was an error delivering your mail to <${address}>.\n\nmx.customer.example [198.51.100.4] did not like our RCPT TO:\n${reply}\n\nMessage headers follow.\n\n${RETURNED}`,
    }),
  GMX: (address, reply) =>
    mailText({
      subject: 'Mail delivery failed: returning message to sender',
      body: `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"${address}":\nSMTP error from remote server after RCPT command:\nhost: mx.customer.example\n${reply}\n\n--- The header of the original message is following. ---\n\n${RETURNED}`,
    }),
};

const replyFor = (reply: string, address: string) => reply.replaceAll('*', address);
const meaningOf = (verdict: { type: string; reason: string } | undefined) => `${verdict?.type}/${verdict?.reason}`;

describe('a reply means the same inside every program’s report', () => {
  it.each(Object.entries({ ...SHELLS, ...SINGLE_SHELLS }))('%s', (name, _shell) => {
    for (const template of REPLIES) {
      const reply = replyFor(template, PEOPLE[0]);
      const single = SINGLE_SHELLS[name];
      const raw = single === undefined ? SHELLS[name]?.([[PEOPLE[0], reply]]) : single(PEOPLE[0], reply);
      const { kind, recipients } = classifyMessage(bytesOf(raw ?? ''), book);
      expect([kind, recipients.map(({ address }) => address)], reply).toEqual(['BOUNCE', [PEOPLE[0]]]);
      expect(meaningOf(recipients[0]), reply).toBe(meaningOf(classifyReply(reply, book)));
    }
  });
});

describe('several recipients of one report are judged by their own replies', () => {
  it.each(Object.entries(SHELLS))('%s', (_, shell) => {
    for (let first = 0; first < REPLIES.length; first++) {
      const entries = PEOPLE.map((address, i): Entry => [address, replyFor(REPLIES[(first + 5 * i) % REPLIES.length] ?? '', address)]);
      const { recipients } = classifyMessage(bytesOf(shell(entries)), book);
      expect(recipients.map((one) => [one.address, meaningOf(one)])).toEqual(
        entries.map(([address, reply]) => [address, meaningOf(classifyReply(reply, book))]),
      );
    }
  });
});
