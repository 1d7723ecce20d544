import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../../src/reports/parse-message.ts';
import { RETURNED, rawMail } from './raw-mail.ts';

const PERSON = 'Ann <ann@customer.example>';

describe('an automatic reply', () => {
  it.each([
    ['Automatic reply: Offers', 'I am away.'],
    ['Out of Office: Offers', 'Back on May 5th.'],
    ['Abwesenheitsnotiz: Angebote', 'Ich bin bis Montag nicht im Büro.'],
    ['Réponse automatique : Offres', 'Je suis absent.'],
    ['Respuesta automática: Ofertas', 'Estoy de vacaciones.'],
    ['Risposta automatica: offerte', 'Sono fuori sede.'],
    ['Automatisch antwoord: aanbieding', 'Ik ben afwezig.'],
    ['Autosvar: tilbud', 'Jeg er ikke til stede.'],
    ['Odpowiedź automatyczna: oferta', 'Wracam w poniedziałek.'],
    ['Automatski odgovor: ponuda', 'Vraćam se u ponedjeljak.'],
    ['Trả lời tự động: ưu đãi', 'Hẹn gặp lại.'],
    ['رد تلقائي: عروض', 'أعود يوم الاثنين.'],
    ['=?utf-8?B?6Ieq5YuV6L+U5L+h?=', '休暇をいただいております。'],
    ['自动回复：优惠', '我不在办公室。'],
    ['Re: Offers', 'I am out of the office until Monday and will reply to your message then.'],
  ])('under the subject %s is recognised', (subject, body) => {
    const parsed = parseMessage(rawMail({ from: PERSON, subject, body: `${body}\n` }));
    expect(parsed.kind).toBe('AUTO_REPLY');
    expect(parsed.recipients).toMatchObject([{ address: 'ann@customer.example', action: 'replied' }]);
  });

  it.each([
    'Auto-Submitted: auto-replied',
    'X-Autoreply: yes',
    'Precedence: auto_reply',
    'X-Apple-Action: VACATION',
    'X-MS-Exchange-Inbox-Rules-Loop: ann@customer.example',
  ])('marked by %s is recognised', (header) => {
    expect(parseMessage(rawMail({ from: PERSON, subject: 'Thanks', headers: [header], body: 'Hello.\n' })).kind).toBe('AUTO_REPLY');
  });

  it('that says a mailbox is no longer used is still no bounce', () => {
    const body = 'This inbox is no longer in use. Your message could not be delivered to a person; write to ben@customer.example.\n';
    expect(parseMessage(rawMail({ from: PERSON, subject: 'Automatic reply: Offers', body })).kind).toBe('AUTO_REPLY');
  });

  it('that asks for a proof that a person wrote is no bounce, even dressed as a report', () => {
    const body = `--q\nContent-Type: text/plain\n\nPlease confirm your message: click the link to verify that you are a human.\n--q\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ann@customer.example\nAction: failed\nStatus: 4.7.0\n--q--\n`;
    const parsed = parseMessage(
      rawMail({
        from: 'noreply@challenge.example',
        subject: 'Re: Offers',
        contentType: 'multipart/report; report-type=delivery-status; boundary=q',
        body,
      }),
    );
    expect(parsed.kind).toBe('AUTO_REPLY');
  });
});

describe('a request to be left alone', () => {
  it.each([
    ['unsubscribe+abc@sender.example', 'anything', ''],
    ['list@sender.example', 'Unsubscribe', ''],
    ['list@sender.example', 'REMOVE', 'please'],
    ['list@sender.example', 'Abmeldung', ''],
    ['list@sender.example', 'Désinscription', ''],
    ['list@sender.example', 'Re: Offers', 'unsubscribe'],
    ['list@sender.example', '配信停止', ''],
  ])('to %s with the subject %s is an unsubscription', (to, subject, body) => {
    const parsed = parseMessage(rawMail({ from: PERSON, to, subject, headers: [], body: `${body}\n` }));
    expect(parsed.kind).toBe('UNSUBSCRIBE');
    expect(parsed.recipients).toMatchObject([{ address: 'ann@customer.example', action: 'unsubscribed' }]);
  });

  it('is not read out of a letter', () => {
    const body = `${'A long letter about many things, one of them how to unsubscribe. '.repeat(20)}\n`;
    expect(parseMessage(rawMail({ from: PERSON, to: 'news@sender.example', subject: 'Stop by our shop', body })).kind).not.toBe(
      'UNSUBSCRIBE',
    );
  });
});

describe('ordinary mail', () => {
  const ordinary = (subject: string, body: string, from = PERSON) =>
    parseMessage(
      new TextEncoder().encode(
        `From: ${from}\nTo: news@sender.example\nSubject: ${subject}\nDate: Mon, 2 Feb 2026 10:00:00 +0000\n\n${body}\n`,
      ),
    );

  it.each([
    ['Question about my order', 'Hello, my parcel was returned to sender and could not be delivered. What now?'],
    ['Newsletter', 'Never miss spam news: mailbox full? Delivery failed? We help.'],
    [
      'Re: Undelivered mail',
      '> This message was created automatically by mail delivery software.\n> 550 User unknown\n\nSame here, what can I do?',
    ],
    ['Invoice 550', 'The total is 550 Euro, see attachment.'],
  ])('under the subject %s is left alone', (subject, body) => {
    expect(['OTHER', 'AUTO_REPLY']).toContain(ordinary(subject, body).kind);
  });

  it.each([
    ['Nicht zustellbar? 5 Tipps', 'Liebe Leser, im Bericht steht dann: 550 Benutzer unbekannt. Fragen an redaktion@letters.example'],
    [
      'How to handle undelivered mail',
      'Dear reader, user unknown is what a server says of a dead address.\nExample: <joe@firm.example>: 550 No such user here.',
    ],
  ])('of a newsletter under the subject %s is left alone', (subject, body) => {
    const message = rawMail({
      from: 'Letters <news@letters.example>',
      subject,
      body: `${body}\n`,
      headers: ['List-Id: <news.letters.example>'],
    });
    expect(['OTHER', 'AUTO_REPLY']).toContain(parseMessage(message).kind);
  });

  it('about statistics is left alone although a postmaster wrote it', () => {
    const parsed = ordinary(
      'Report domain: sender.example Submitter: provider.example',
      'Some messages were rejected.',
      'postmaster@provider.example',
    );
    expect(parsed.kind).toBe('OTHER');
    const counts = 'Sent: 900\nBounced: 12 (user unknown 8, mailbox full 4)\n';
    expect(ordinary('Weekly figures', counts, 'postmaster@sender.example').kind).toBe('OTHER');
  });

  it('that quotes a report in passing is left alone', () => {
    const body =
      'I found this in my log:\n\nFinal-Recipient: rfc822; ben@customer.example\nAction: failed\nStatus: 5.1.1\n\nWhat does it mean?';
    expect(ordinary('A question', body).kind).toBe('OTHER');
  });

  it.each([
    new Uint8Array(0),
    new Uint8Array([0, 255, 13, 10, 0]),
    new TextEncoder().encode('\n\n\n'),
    new TextEncoder().encode('no header at all'),
  ])('that is nothing at all is OTHER', (raw) => {
    expect(parseMessage(raw)).toMatchObject({ kind: 'OTHER', recipients: [], messageId: null });
  });
});

describe('a delay notice in plain text', () => {
  it.each([
    [
      'Warning: message 1abc delayed 24 hours',
      'A message that you sent has not yet been delivered to one or more of its recipients.\n\n  ann@customer.example\n    host mx.customer.example [198.51.100.4]: 451 try later\n\nNo action is required on your part. Delivery attempts will continue for some time.',
    ],
    [
      'Delayed Mail (still being retried)',
      '# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n\nYour message could not be delivered for 1.0 hours.\nIt will be retried until it is 5.0 days old.\n\n<ann@customer.example>: connect to mx.customer.example[198.51.100.4]:25: Connection timed out',
    ],
    [
      'Warning: could not send message for past 4 hours',
      '    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n   ----- Transcript of session follows -----\n<ann@customer.example>... Deferred: Connection refused by mx.customer.example.',
    ],
    [
      'Verzögerte Zustellung',
      'Ihre Nachricht konnte noch nicht zugestellt werden an:\n\nann@customer.example\n\nEs wird weiterhin versucht.',
    ],
  ])('under %s is no failure', (subject, body) => {
    const parsed = parseMessage(rawMail({ subject, body: `${body}\n` }));
    expect(parsed.kind).toBe('DELAY');
    expect(parsed.recipients).toMatchObject([{ address: 'ann@customer.example', action: 'delayed' }]);
  });

  it('that ends in giving up is a failure', () => {
    const body =
      'Your message could not be delivered for 5 days, delivery attempts have failed permanently.\n\n<ann@customer.example>: Connection timed out\n';
    expect(parseMessage(rawMail({ body })).kind).toBe('BOUNCE');
  });

  it('that explains what happens later is still a delay', () => {
    const body =
      'A message that you sent has not yet been delivered to: ann@customer.example\n\nIf it stays undeliverable for 4 days it will permanently fail and be returned to sender.\n';
    expect(parseMessage(rawMail({ body, subject: 'Warning: message delayed 24 hours' })).kind).toBe('DELAY');
  });

  it('is told from a notice of success', () => {
    const body = 'Your message was successfully delivered to the following recipients:\n\n<ann@customer.example>\n';
    const parsed = parseMessage(rawMail({ subject: 'Delivery Notification', body }));
    expect(parsed).toMatchObject({ kind: 'DELIVERED', recipients: [{ address: 'ann@customer.example', action: 'delivered' }] });
  });

  it('returns with what it was about', () => {
    const body = `Warning message only.\n\nDelivery to the following recipient has been delayed:\n\n     ann@customer.example\n\nMessage will be retried for 2 more day(s)\n\n   ----- Message header follows -----\n\n${RETURNED}`;
    expect(parseMessage(rawMail({ subject: 'Delivery Status Notification (Delay)', body })).original?.messageId).toBe(
      'm-1001@sender.example',
    );
  });
});

describe('ordinary mail in the words of a report', () => {
  it.each([
    ['Your parcel', 'Delivery failed: your parcel', 'We were unable to deliver your parcel. Please choose another day.', []],
    ['Paket', 'Zustellung fehlgeschlagen', 'Ihr Paket konnte nicht zugestellt werden. Wir versuchen es morgen erneut.', []],
    [
      'Ben',
      '[admins] 550 user unknown with aliases',
      'My log says 550 5.1.1 <joe@dom.example>: user unknown. Why?',
      ['List-Id: <admins.example>'],
    ],
    [
      'Shop',
      'Why mail bounces',
      'Undeliverable mail is returned to sender: your message was rejected.',
      ['List-Unsubscribe: <https://s.example/u>'],
    ],
    ['Shop', 'What 550 user unknown means', 'This month: full mailboxes, and mail that could not be delivered.', ['List-Id: <m.example>']],
    ['Mail support', 'Undelivered messages: 5 are pending', 'Your mailbox is full. Five messages could not be delivered to you.', []],
  ])('of %s under "%s" is no failure', (name, subject, body, headers) => {
    const raw = rawMail({ from: `${name} <someone@other.example>`, subject, headers, body: `${body}\n` });
    expect(['OTHER', 'AUTO_REPLY']).toContain(parseMessage(raw).kind);
  });

  it('is still a failure where a gateway wrote it to the address of a list', () => {
    const raw = rawMail({
      from: 'gate@host.example',
      subject: 'Mail could not be delivered',
      headers: ['List-Id: <admins.example>'],
      body: 'Your message could not be delivered:\n\n<ann@customer.example>\nuser unknown\n',
    });
    expect(parseMessage(raw)).toMatchObject({ kind: 'BOUNCE', recipients: [{ address: 'ann@customer.example' }] });
  });
});
