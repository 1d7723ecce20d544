import { describe, expect, it } from 'vitest';
import { defaultRuleBook } from '../../../src/domain/qualification/rule-book.ts';
import { classifyMessage } from '../../../src/reports/classify-message.ts';
import { parseMessage } from '../../../src/reports/parse-message.ts';
import { RETURNED, rawMail } from './raw-mail.ts';

interface Bounce {
  readonly program: string;
  readonly from?: string;
  readonly subject?: string;
  readonly headers?: readonly string[];
  readonly contentType?: string;
  readonly body: string;
  readonly says: RegExp;
  readonly kind?: string;
  readonly recipients?: readonly string[];
}

const COPY = `\n--- Below this line is a copy of the message.\n\n${RETURNED}`;

/** Each server writes in its own layout; the words between are ours. */
const BOUNCES: readonly Bounce[] = [
  {
    program: 'qmail',
    subject: 'failure notice',
    body: `Hi. This is the qmail-send program at mx.sender.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@customer.example>:\n192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 No mailbox of that name\nGiving up on 192.0.2.7.\n${COPY}`,
    says: /^550 5\.1\.1 No mailbox/,
  },
  {
    program: 'Postfix without a report part',
    body: `This is the mail system at host mx.sender.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients. It's attached below.\n\nFor further assistance, please send mail to postmaster.\n\nIf you do so, please include this problem report. You can\ndelete your own text from the attached returned message.\n\n                   The mail system\n\n<ann@customer.example>: host mx.customer.example[198.51.100.4] said: 550 5.7.1\n    Rejected by content filter (in reply to end of DATA command)\n`,
    says: /^550 5\.7\.1 Rejected by content filter$/,
  },
  {
    program: 'Exim',
    subject: 'Mail delivery failed: returning message to sender',
    headers: ['X-Failed-Recipients: ann@customer.example', 'Auto-Submitted: auto-replied'],
    body: `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@customer.example\n    SMTP error from remote mail server after RCPT TO:<ann@customer.example>:\n    host mx.customer.example [198.51.100.4]: 550 No such person here\n\n------ This is a copy of the message, including all the headers. ------\n\n${RETURNED}`,
    says: /^550 No such person here$/,
  },
  {
    program: 'Exim, address hidden behind a local name',
    subject: 'Mail delivery failed: returning message to sender',
    headers: ['X-Failed-Recipients: ann@customer.example'],
    body: `This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. The following address(es) failed:\n\n  ann\n    SMTP error from remote mail server after MAIL FROM:<news@sender.example> SIZE=1543:\n    host mx.customer.example [198.51.100.4]: 550 5.7.0 <news@sender.example>... Use the relay of your provider\n\n------ This is a copy of the message, including all the headers. ------\n\n${RETURNED}`,
    says: /^550 5\.7\.0 /,
  },
  {
    program: 'Sendmail',
    subject: 'Returned mail: see transcript for details',
    from: 'Mail Delivery Subsystem <MAILER-DAEMON@mx.sender.example>',
    body: `The original message was received at Mon, 2 Feb 2026 10:00:00 GMT\nfrom app.sender.example [192.0.2.10]\n\n   ----- The following addresses had permanent fatal errors -----\n<ann@customer.example>\n    (reason: 550-5.1.1 The person you wrote to has no)\n\n   ----- Transcript of session follows -----\n... while talking to mx.customer.example.:\n>>> DATA\n<<< 550-5.1.1 The person you wrote to has no\n<<< 550-5.1.1 mailbox here. Check\n<<< 550 5.1.1 the spelling.\n550 5.1.1 <ann@customer.example>... User unknown\n<<< 503 5.0.0 Need RCPT (recipient)\n`,
    says: /mailbox here.*spelling\.$/,
  },
  {
    program: 'Sendmail 5',
    subject: 'Returned mail: Host unknown',
    from: 'MAILER-DAEMON@mx.sender.example (Mail Delivery Subsystem)',
    body: `   ----- Transcript of session follows -----\nWhile talking to mx.customer.example:\n>>> RCPT To:<ann@customer.example>\n<<< 550 unknown person\n550 <ann@customer.example>... User unknown\n\n   ----- Unsent message follows -----\n${RETURNED}`,
    says: /^550 unknown person$/,
  },
  {
    program: 'Yahoo',
    subject: 'Delivery failure',
    from: 'MAILER-DAEMON@mail.provider.example',
    body: `Message from provider.example.\nUnable to deliver message to the following address(es).\n\n<ann@customer.example>:\nThis person doesn't have an account here [-5]\n\n--- Original message follows.\n\n${RETURNED}`,
    says: /doesn't have an account/,
  },
  {
    program: 'Gmail',
    subject: 'Delivery Status Notification (Failure)',
    from: 'Mail Delivery Subsystem <mailer-daemon@googlemail.com>',
    headers: ['X-Failed-Recipients: ann@customer.example'],
    body: `Delivery to the following recipient failed permanently:\n\n     ann@customer.example\n\nTechnical details of permanent failure: \nGoogle tried to deliver your message, but it was rejected by the recipient domain. We recommend contacting the other email provider. The error that the other server returned was: 552 552 5.2.2 Mailbox of that user is full (state 14).\n\n----- Original message -----\n\n${RETURNED}`,
    says: /^552 552 5\.2\.2 Mailbox/,
  },
  {
    program: 'Exchange 5.5',
    subject: 'Undeliverable: Offers of the week',
    from: 'System Administrator <postmaster@customer.example>',
    body: `Your message\n\n  To:      ann@customer.example\n  Subject: Offers of the week\n  Sent:    Mon, 2 Feb 2026 10:00:00 -0000\n\ndid not reach the following recipient(s):\n\nANN@CUSTOMER.EXAMPLE on Mon, 2 Feb 2026 10:00:10 -0000\n    The recipient name is not recognized\n    MSEXCH:IMS:Customer:HQ:MAIL01 0 (000C05A6) Unknown Recipient\n`,
    says: /recipient name is not recognized/,
    recipients: ['ANN@CUSTOMER.EXAMPLE'],
  },
  {
    program: 'Exchange Online in plain text',
    subject: 'Undeliverable: Offers of the week',
    from: 'postmaster@customer.example',
    body: `Delivery has failed to these recipients or groups:\n\nann@customer.example<mailto:ann@customer.example>\nThe recipient's mailbox is full and can't accept messages now.\n\nDiagnostic information for administrators:\n\nGenerating server: AB1.prod.outlook.example\n\nann@customer.example\nRemote Server returned '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception'\n\nOriginal message headers:\n\nReceived: from x.example by y.example\n`,
    says: /554 5\.2\.2 mailbox full/,
  },
  {
    program: 'Domino',
    subject: 'DELIVERY FAILURE: User ann (ann@customer.example) not listed in Domino Directory',
    from: 'Postmaster@customer.example',
    body: 'Your message\n\n  Subject: Offers of the week\n\nwas not delivered to:\n\n  ann@customer.example\n\nbecause:\n\n  User ann (ann@customer.example) not listed in Domino Directory\n',
    says: /not listed in Domino Directory/,
  },
  {
    program: 'Lotus Notes',
    subject: 'Undeliverable message',
    from: 'POSTMASTER@customer.example',
    body: `------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\nann@customer.example\n\n\n------- Returned Message --------\n\n${RETURNED}`,
    says: /not listed in public/,
  },
  {
    program: 'GroupWise',
    subject: 'Message status - undeliverable',
    from: 'Mailer-Daemon@customer.example',
    body: 'The message that you sent was undeliverable to the following:\n\tann@customer.example (user not found)\n',
    says: /user not found/,
  },
  {
    program: 'IMail',
    subject: 'Undeliverable Mail',
    from: '"Postmaster" <postmaster@customer.example>',
    body: `User mailbox exceeds allowed size: ann@customer.example\n\nOriginal message follows.\n\n${RETURNED}`,
    says: /exceeds allowed size/,
  },
  {
    program: 'OpenSMTPD',
    subject: 'Delivery status notification: error',
    from: 'Mailer Daemon <MAILER-DAEMON@mx.sender.example>',
    body: `    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this e-mail.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nann@customer.example: 550 5.2.2 Mailbox is full\n\n    Below is a copy of the original message:\n\n${RETURNED}`,
    says: /^550 5\.2\.2 Mailbox is full$/,
  },
  {
    program: 'DragonFly',
    subject: 'Mail delivery failed',
    from: 'MAILER-DAEMON <>',
    body: `This is the DragonFly Mail Agent v0.13 at mx.sender.example.\n\nThere was an error delivering your mail to <ann@customer.example>.\n\nmx.customer.example [198.51.100.4] did not like our RCPT TO:\n550 5.1.1 <ann@customer.example>: no such account\n\nMessage headers follow.\n\n${RETURNED}`,
    says: /^550 5\.1\.1 .*no such account$/,
  },
  {
    program: 'Courier',
    subject: 'NOTICE: mail delivery status.',
    from: '"Courier mail server at mx.sender.example" <@>',
    body: `This is a delivery status notification from mx.sender.example,\nrunning the Courier mail server, version 0.65.2.\n\nThe original message was received on Mon, 2 Feb 2026 10:00:00 +0000\nfrom app.sender.example\n\n---------------------------------------------------------------------------\n\n                           UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<ann@customer.example>:\n    mx.customer.example [198.51.100.4]:\n    >>> RCPT TO:<ann@customer.example>\n    <<< 550 5.1.1 <ann@customer.example>... nobody of that name\n\n---------------------------------------------------------------------------\n`,
    says: /550 5\.1\.1 .*nobody/,
  },
  {
    program: 'Zoho',
    from: 'mailer-daemon@mail.zoho.example',
    body: `This message was created automatically by mail delivery software.\n A message that you sent could not be delivered to one or more of its recipients. This is a permanent error. \n\nann@customer.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1 no such account here\n\n\nReceived:from mail.zoho.example by mx.zoho.example\n`,
    says: /no such account here/,
  },
  {
    program: 'MailMarshal',
    subject: 'Undeliverable Mail: "Offers of the week"',
    from: 'postmaster@customer.example',
    body: 'Your message:\n   From:    news@sender.example\n   Subject: Offers of the week\n\nCould not be delivered because of\n\n550 5.1.1 Person unknown\n\nThe following recipients were affected: \n    ann@customer.example\n\nAdditional Information\n======================\nOriginal Sender: <news@sender.example>\n',
    says: /^550 5\.1\.1 Person unknown$/,
  },
  {
    program: 'SurfControl',
    subject: 'Message Could Not Be Delivered',
    from: '"Mail Filter" <postmaster@customer.example>',
    body: 'Your message could not be sent.\nA transcript of the attempts to send the message follows.\nThe number of attempts made: 1\nAddressed To: ann@customer.example\n\nMon, 2 Feb 2026 10:00:00 +0000\nFailed to send to identified host,\nann@customer.example: [198.51.100.4], 550 ann... no such account\n\n--- Message non-deliverable.\n',
    says: /550 ann\.\.\. no such account/,
  },
  {
    program: 'InterScan',
    subject: 'Mail could not be delivered',
    from: 'InterScan MSS <postmaster@customer.example>',
    body: 'Sent <<< RCPT TO:<ann@customer.example>\nReceived >>> 550 5.1.1 <ann@customer.example>... user gone\nUnable to deliver message to <ann@customer.example>.\n',
    says: /^550 5\.1\.1 /,
  },
  {
    program: 'hMailServer',
    subject: 'Message undeliverable: Offers of the week',
    from: 'mailer-daemon@mx.sender.example',
    body: 'Your message did not reach some or all of the intended recipients.\n\n   Sent: Mon, 2 Feb 2026 10:00:00 +0000\n   Subject: Offers of the week\n\nThe following recipient(s) could not be reached:\n\nann@customer.example\n   Error Type: SMTP\n   Remote server (198.51.100.4) issued an error.\n   hMailServer sent: RCPT TO:<ann@customer.example>\n   Remote server replied: 550 5.1.1 unknown account\n\nhMailServer\n',
    says: /^550 5\.1\.1 unknown account/,
  },
  {
    program: 'CommuniGate',
    subject: 'Undeliverable mail: Offers of the week',
    from: '<MAILER-DAEMON@mx.sender.example>',
    body: "Failed to deliver to 'ann@customer.example'\nSMTP module(domain customer.example) reports:\n host mx.customer.example says:\n 550 5.1.1 unknown account\n",
    says: /550 5\.1\.1 unknown account/,
  },
  {
    program: 'Netscape Messaging Server',
    subject: 'Mail System Error - Returned Mail',
    from: 'Mail Administrator <postmaster@customer.example>',
    body: 'This Message was undeliverable due to the following reason:\n\nEach of the following recipients was unknown to the server (please check\nthe addresses and re-mail the message):\n\n      SMTP <ann@customer.example>\n\nPlease reply to postmaster@customer.example\nif you feel this message to be in error.\n',
    says: /unknown to the server/,
  },
  {
    program: 'MDaemon',
    subject: 'Warning: ann@customer.example - User unknown!',
    from: 'MDaemon@customer.example',
    body: 'ann@customer.example - no such user here.\n\nThere is no user by that name at this server.\n',
    says: /no such user here/,
  },
  {
    program: 'IronPort',
    subject: 'Undeliverable Message',
    from: '"Mail Delivery System" <MAILER-DAEMON@mx.sender.example>',
    body: "The following message to <ann@customer.example> was undeliverable.\nThe reason for the problem:\n5.1.0 - Unknown address error 550-'5.1.1 mailbox gone'\n",
    says: /^5\.1\.0 - Unknown address error 550/,
  },
  {
    program: 'PMDF',
    subject: 'Delivery Notification: Delivery has failed',
    from: 'PMDF Internet <postmaster@customer.example>',
    body: 'This report relates to a message you sent with the following header fields:\n\n  Message-id: <m-1001@sender.example>\n  From: news@sender.example\n  To: ann@customer.example\n  Subject: Offers of the week\n\nYour message cannot be delivered to the following recipients:\n\n  Recipient address: ann@customer.example\n  Reason: Illegal host/domain name found.\n',
    says: /Illegal host\/domain name/,
  },
  {
    program: 'Smail',
    subject: 'mail failed, returning to sender',
    from: '<MAILER-DAEMON@mx.sender.example>',
    body: `|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <ann@customer.example> ... unknown host\n|------------------------- Message text follows: ------------------------|\n${RETURNED}`,
    says: /unknown host/,
  },
  {
    program: 'Apache James',
    subject: '[BOUNCE]',
    from: 'postmaster@james.example',
    body: "Hi. This is the James mail server at james.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\nann@customer.example\n\nError message below:\n550 - Requested action not taken: no such account\n\nMessage details:\n  Subject: Offers of the week\n  MAIL FROM: news@sender.example\n  RCPT TO: ann@customer.example\n",
    says: /^550 - Requested action/,
  },
  {
    program: 'm-FILTER in ISO-2022-JP',
    subject: 'failure notice',
    from: 'POSTMASTER <postmaster@customer.example>',
    contentType: 'text/plain; charset="ISO-2022-JP"',
    body: '\u001b$B0J2<$N%"%I%l%9$X$NAw?.$K<:GT$7$^$7$?!#\u001b(B\n\nann@customer.example\n\n-------server message\n550 5.1.1 no such account\n\n-------SMTP command\nRCPT\n\n-------original message\n',
    says: /^550 5\.1\.1 no such account/,
  },
  {
    program: 'a Spanish provider',
    from: 'MAILER-DAEMON@correo.example',
    subject: 'failure notice',
    body: `(correo.example)\nSu mensaje no pudo ser entregado.\n\n<ann@customer.example>:\nLa casilla del usuario está llena.\n\n--- Mensaje original adjunto.\n`,
    says: /casilla del usuario/,
  },
  {
    program: 'a German web host',
    from: 'Mailer <noreply@hoster.example>',
    subject: 'Ihre Nachricht konnte nicht zugestellt werden',
    body: 'Sehr geehrte Damen und Herren,\n\nIhre Nachricht konnte nicht zugestellt werden an:\n\n  ann@customer.example\n\nGrund: Das Postfach des Empfängers ist voll.\n',
    says: /Postfach des Empfängers ist voll/,
  },
  {
    program: 'a French server',
    from: 'postmaster@serveur.example',
    subject: 'Non remis : Offers of the week',
    body: "Votre message n'a pas pu être remis à :\n\nann@customer.example\n\nL'utilisateur est inconnu.\n",
    says: /utilisateur est inconnu/,
  },
  {
    program: 'a Polish server',
    from: 'MAILER-DAEMON@poczta.example',
    subject: 'Zwrot poczty',
    body: 'Wiadomość nie mogła zostać dostarczona do:\n\n<ann@customer.example>: Skrzynka jest pełna\n',
    says: /Skrzynka jest pełna/,
  },
  {
    program: 'a Russian provider',
    from: 'mailer-daemon@pochta.example',
    subject: '=?utf-8?B?0J3QtSDQtNC+0YHRgtCw0LLQu9C10L3Qvg==?=',
    body: 'Ваше письмо не может быть доставлено одному или нескольким получателям:\n\nann@customer.example\n\nЯщик переполнен\n',
    says: /Ящик переполнен/,
  },
  {
    program: 'a Chinese provider',
    from: 'postmaster@youxiang.example',
    subject: '系统退信',
    body: '您的邮件无法投递到以下地址：\n\nann@customer.example\n\n收件人不存在\n',
    says: /收件人不存在/,
  },
  {
    program: 'a server that lists its recipients on one line',
    body: 'Your message could not be delivered to the following recipients:\n\n<ann@customer.example>, <ben@customer.example>\n\nReason: user unknown\n',
    says: /user unknown/,
    recipients: ['ann@customer.example', 'ben@customer.example'],
  },
  {
    program: 'PMDF, which names the place inside the system first',
    subject: 'Delivery Notification: Delivery has failed',
    body: 'Your message cannot be delivered to the following recipients:\n\n  Recipient address: ann@store-daemon\n  Original address: ann@customer.example\n  Reason: Over quota\n',
    says: /Over quota/,
  },
  {
    program: 'a virus scanner',
    from: 'scanner <viruswatch@gate.example>',
    subject: 'VIRUS (Eicar) in mail FROM <news@sender.example>',
    body: 'The message WAS NOT delivered to:\n<ann@customer.example>:\n   554 5.7.0 infected with Eicar\n',
    says: /infected/,
  },
  {
    program: 'a Spanish server that returned the message',
    from: 'postmaster@correo.example',
    subject: 'Mensaje devuelto',
    body: 'El mensaje enviado a ann@customer.example ha sido devuelto porque el buzón está lleno.\n',
    says: /lleno/,
  },
  {
    program: 'a server that writes HTML only',
    contentType: 'text/html; charset=utf-8',
    body: '<html><body>Your message could not be delivered.<br>\n<br>\nann@customer.example<br>\nhost mx.customer.example [198.51.100.4]: 554 delivery error:<br>\nThis account was closed<br>\n</body></html>\n',
    says: /^554 delivery error: This account was closed$/,
  },
  {
    program: 'a server that only names the person in its sentence',
    from: '<>',
    subject: '',
    body: "You sent mail to ann@customer.example. That's not a valid user here.\n",
    says: /not a valid user/,
  },
];

describe('a bounce that is only text', () => {
  it.each(BOUNCES)('of $program names its recipient and the words that say most', (bounce) => {
    const parsed = parseMessage(rawMail(bounce));
    expect(parsed.kind).toBe(bounce.kind ?? 'BOUNCE');
    expect(parsed.recipients.map(({ address }) => address)).toEqual(bounce.recipients ?? ['ann@customer.example']);
    expect(parsed.recipients[0]?.evidence.text).toMatch(bounce.says);
    expect(parsed.recipients[0]?.action).toBe('failed');
  });
});

describe('the sender to whom a report says it returns the message', () => {
  it.each([
    'Mail delivery failed: returning message to sender',
    'Undelivered Mail Returned to Sender',
    'Message is being returned to the sender',
  ])('in the subject "%s" is not what the words behind speak of', (subject) => {
    const body = 'The following address(es) failed:\n\n  ann@customer.example\n    User unknown\n';
    const [recipient] = classifyMessage(rawMail({ subject, body }), defaultRuleBook()).recipients;
    expect(recipient).toMatchObject({ type: 'HARD', reason: 'USER_UNKNOWN' });
  });
});

describe('a report that says a message did not arrive', () => {
  it.each([
    ['Mail report', 'Il messaggio non è stato recapitato a ann@customer.example', 'BOUNCE'],
    ['Mail report', 'A mensagem não foi entregue a ann@customer.example', 'BOUNCE'],
    ['Mail report', 'Your e-mail to ann@customer.example could not be delivered: nobody here has that name.', 'BOUNCE'],
    ['Mail report', 'Vaši zprávu nebylo možné doručit na adresu ann@customer.example', 'BOUNCE'],
    ['Zustellung erfolgreich', 'Ihre Nachricht wurde erfolgreich zugestellt an:\n\nann@customer.example', 'DELIVERED'],
  ])('is not taken for its contrary: %s: %s', (subject, body, kind) => {
    const raw = `From: MAILER-DAEMON@mx.customer.example\nSubject: ${subject}\nContent-Type: text/plain; charset=utf-8\n\n${body}\n`;
    const { kind: read, recipients } = classifyMessage(Buffer.from(raw), defaultRuleBook());
    expect([read, recipients[0]?.address]).toEqual([kind, 'ann@customer.example']);
  });
});
