/**
 * Messages that no server on loopback writes, in our own words: complaints, requests to unsubscribe, automatic replies, ordinary mail and
 * the notices of large providers. The forms follow RFC 5965 (ARF), RFC 6591, RFC 8098 and what is commonly seen.
 */
import type { FailureReason, FailureType, Fault, MessageKind } from '../../src/domain/vocabulary.ts';
import { FULL, type Meaning, UNKNOWN } from './world.ts';

export type ComposedRecipient = {
  readonly address: string;
  readonly type: FailureType | null;
  readonly reason: FailureReason | null;
  readonly fault: Fault | null;
};

export type Composed = {
  readonly id: string;
  readonly kind: MessageKind;
  readonly recipients: readonly ComposedRecipient[];
  readonly text: string;
};

const DATE = 'Mon, 16 Nov 2026 09:12:44 +0000';

const failed = (address: string, meaning: Meaning): ComposedRecipient => ({ address, ...meaning });
const complained = (address: string): ComposedRecipient => ({ address, type: 'HARD', reason: 'DENYLISTED', fault: null });
const replied = (address: string): ComposedRecipient => ({ address, type: 'IGNORED', reason: 'UNDEFINED', fault: null });
const left = (address: string): ComposedRecipient => ({ address, type: null, reason: null, fault: null });

/** The newsletter that a report is about. */
const newsletter = (to: string, number: number): string => `Return-Path: <bounces+${number}@news.example.com>
Received: from app.example.com (app.example.com [192.0.2.10]) by mx.example.org with ESMTPS id q${number}; ${DATE}
From: Lantern Weekly <weekly@news.example.com>
To: ${to}
Subject: Lantern Weekly, autumn issue
Date: ${DATE}
Message-ID: <${number}.weekly@news.example.com>
List-Id: Lantern Weekly <weekly.news.example.com>
List-Unsubscribe: <mailto:leave@news.example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

This week: three walks along the coast and a recipe with late apples.
`;

const head = (from: string, to: string, subject: string, number: number, more: readonly string[] = []): string =>
  [
    `Return-Path: <${more.includes('Auto-Submitted: auto-generated') ? '' : (/[^\s<>]+@[^\s<>]+/.exec(from)?.[0] ?? '')}>`,
    `Received: from mx.example.org (mx.example.org [192.0.2.20]) by in.news.example.com with ESMTPS id z${number}; ${DATE}`,
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${DATE}`,
    `Message-ID: <${number}.composed@mx.example.org>`,
    ...more,
    'MIME-Version: 1.0',
    '',
  ].join('\n');

const plain = (text: string): string => `Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n${text}\n`;

type Part = readonly [type: string, text: string];
const report = (type: string, parts: readonly Part[]): string =>
  `Content-Type: multipart/report; report-type=${type}; boundary="=_part"\n\n${parts
    .map(([contentType, text]) => `--=_part\nContent-Type: ${contentType}\n\n${text}\n`)
    .join('')}--=_part--\n`;

const arf = (feedback: string, number: number, original: string, words: string): string =>
  head('Feedback Desk <feedback@mx.example.org>', 'abuse@news.example.com', 'FW: Lantern Weekly, autumn issue', number, [
    'Auto-Submitted: auto-generated',
  ]) +
  report('feedback-report', [
    ['text/plain; charset=utf-8', words],
    ['message/feedback-report', feedback],
    ['message/rfc822', original],
  ]);

const dsn = (from: string, subject: string, number: number, words: string, fields: string, original: string): string =>
  head(from, 'bounces@news.example.com', subject, number, ['Auto-Submitted: auto-generated']) +
  report('delivery-status', [
    ['text/plain; charset=utf-8', words],
    ['message/delivery-status', fields],
    ['message/rfc822', original],
  ]);

const abuseFields = (more: string): string => `Feedback-Type: abuse
User-Agent: ExampleFeedback/1.4
Version: 1
Original-Mail-From: <bounces@news.example.com>
Arrival-Date: ${DATE}
Source-IP: 192.0.2.10
Reported-Domain: news.example.com
${more}`;

export const COMPOSED: readonly Composed[] = [
  {
    id: 'composed-arf-abuse',
    kind: 'COMPLAINT',
    recipients: [complained('mireille.grunewalt@harbour.example')],
    text: arf(
      abuseFields('Original-Rcpt-To: <mireille.grunewalt@harbour.example>\n'),
      101,
      newsletter('mireille.grunewalt@harbour.example', 101),
      'One of our users called this message unwanted. It was received from 192.0.2.10.',
    ),
  },
  {
    id: 'composed-arf-abuse-no-recipient-field',
    kind: 'COMPLAINT',
    recipients: [complained('felix.oakhollow@orchard.example')],
    text: arf(
      abuseFields(''),
      102,
      newsletter('felix.oakhollow@orchard.example', 102),
      'This is a report about a message that a user marked as spam.',
    ),
  },
  {
    id: 'composed-jmrp',
    kind: 'COMPLAINT',
    recipients: [complained('lucia.juniperra@brook.example')],
    text:
      head('staff@mx.example.org', 'abuse@news.example.com', 'complaint about message from 192.0.2.10', 103, [
        'X-HmXmrOriginalRecipient: lucia.juniperra@brook.example',
      ]) +
      `Content-Type: multipart/mixed; boundary="=_part"\n\n--=_part\nContent-Type: message/rfc822\nContent-Disposition: inline\n\nX-HmXmrOriginalRecipient: lucia.juniperra@brook.example\n${newsletter('lucia.juniperra@brook.example', 103)}\n--=_part--\n`,
  },
  {
    id: 'composed-arf-not-spam',
    kind: 'OTHER',
    recipients: [],
    text: arf(
      abuseFields('Original-Rcpt-To: <oskar.tamarind@brook.example>\n').replace('Feedback-Type: abuse', 'Feedback-Type: not-spam'),
      104,
      newsletter('oskar.tamarind@brook.example', 104),
      'A user took this message out of the spam folder.',
    ),
  },
  {
    id: 'composed-arf-auth-failure',
    kind: 'OTHER',
    recipients: [],
    text: arf(
      `Feedback-Type: auth-failure
User-Agent: ExampleAuth/2.0
Version: 1
Original-Mail-From: <bounces@news.example.com>
Original-Rcpt-To: <elif.moorcastle@attic.example>
Arrival-Date: ${DATE}
Source-IP: 192.0.2.77
Reported-Domain: news.example.com
Auth-Failure: dmarc
Authentication-Results: mx.example.org; dkim=fail header.d=news.example.com; spf=softfail
Delivery-Result: reject
`,
      105,
      newsletter('elif.moorcastle@attic.example', 105),
      'A message that claims to come from your domain failed authentication.',
    ),
  },
  {
    id: 'composed-dmarc-aggregate',
    kind: 'OTHER',
    recipients: [],
    text:
      head(
        'DMARC Reports <reports@mx.example.org>',
        'dmarc@news.example.com',
        'Report Domain: news.example.com Submitter: example.org Report-ID: 20261116.7',
        106,
      ) +
      `Content-Type: multipart/mixed; boundary="=_part"\n\n--=_part\nContent-Type: text/plain; charset=utf-8\n\nThis is an aggregate report about the mail of one day.\n--=_part\nContent-Type: application/gzip; name="example.org!news.example.com!1795219200!1795305600.xml.gz"\nContent-Transfer-Encoding: base64\n\nH4sIAAAAAAAAA7OxyyjNzbHjAgBVFq2ECAAAAA==\n--=_part--\n`,
  },
  {
    id: 'composed-unsubscribe',
    kind: 'UNSUBSCRIBE',
    recipients: [left('noemi.vantongere@brook.example')],
    text: head('Noemi Vantongere <noemi.vantongere@brook.example>', 'leave@news.example.com', 'unsubscribe', 107) + plain(''),
  },
  {
    id: 'composed-unsubscribe-german',
    kind: 'UNSUBSCRIBE',
    recipients: [left('greta.wiedenau@granit.example')],
    text:
      head('Greta Wiedenau <greta.wiedenau@granit.example>', 'weekly@news.example.com', 'Abmeldung', 108) +
      plain('Bitte nehmen Sie mich aus dem Verteiler.\n\nGreta Wiedenau'),
  },
  {
    id: 'composed-out-of-office-english',
    kind: 'AUTO_REPLY',
    recipients: [replied('henrik.marchpane@brook.example')],
    text:
      head(
        'Henrik Marchpane <henrik.marchpane@brook.example>',
        'bounces@news.example.com',
        'Automatic reply: Lantern Weekly, autumn issue',
        109,
        ['Auto-Submitted: auto-replied', 'X-Auto-Response-Suppress: All'],
      ) +
      plain(
        'I am out of the office from 16 to 27 November with little access to mail.\nFor anything urgent please call the front desk.\n\nHenrik',
      ),
  },
  {
    id: 'composed-out-of-office-german',
    kind: 'AUTO_REPLY',
    recipients: [replied('hanna.drosselhof@granit.example')],
    text:
      head(
        'Hanna Drosselhof <hanna.drosselhof@granit.example>',
        'bounces@news.example.com',
        'Abwesenheitsnotiz: Lantern Weekly, autumn issue',
        110,
        ['Auto-Submitted: auto-replied'],
      ) +
      plain(
        'Guten Tag,\n\nich bin bis einschließlich 27. November nicht im Büro. Ihre Nachricht wird nicht weitergeleitet.\n\nHanna Drosselhof',
      ),
  },
  {
    id: 'composed-out-of-office-french',
    kind: 'AUTO_REPLY',
    recipients: [replied('clara.belacroix@mistral.example')],
    text:
      head(
        'Clara Belacroix <clara.belacroix@mistral.example>',
        'bounces@news.example.com',
        'Réponse automatique : Lantern Weekly, autumn issue',
        111,
        ['X-Autoreply: yes', 'Precedence: bulk'],
      ) + plain("Bonjour,\n\nje suis en congé jusqu'au 27 novembre. Je lirai votre message à mon retour.\n\nClara Belacroix"),
  },
  {
    id: 'composed-exchange-style-unknown',
    kind: 'BOUNCE',
    recipients: [failed('yusuf.hillesand@lighthouse.example', UNKNOWN)],
    text: dsn(
      'Mail Service <postmaster@mx.example.org>',
      'Undeliverable: Lantern Weekly, autumn issue',
      112,
      "Your message to yusuf.hillesand@lighthouse.example couldn't be delivered.\n\nyusuf.hillesand wasn't found at lighthouse.example.\n\nHow to fix it: the address may be misspelled or may no longer exist.",
      `Reporting-MTA: dns;mx.example.org
Received-From-MTA: dns;app.example.com
Arrival-Date: ${DATE}

Final-Recipient: rfc822;yusuf.hillesand@lighthouse.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient yusuf.hillesand@lighthouse.example not found by SMTP address lookup
`,
      newsletter('yusuf.hillesand@lighthouse.example', 112),
    ),
  },
  {
    id: 'composed-webmail-style-full',
    kind: 'BOUNCE',
    recipients: [failed('rafael.pellerine@attic.example', FULL)],
    text: dsn(
      'Mail Delivery Subsystem <mailer-daemon@mx.example.org>',
      'Delivery Status Notification (Failure)',
      113,
      'Your message was not delivered to rafael.pellerine@attic.example, because the inbox is out of storage space.\n\nThe response was:\n\n552 5.2.2 The inbox of this user is over quota and cannot take more mail.',
      `Reporting-MTA: dns; mx.example.org
Arrival-Date: ${DATE}
X-Original-Message-ID: <113.weekly@news.example.com>

Final-Recipient: rfc822; rafael.pellerine@attic.example
Action: failed
Status: 5.2.2
Remote-MTA: dns; mx.attic.example (192.0.2.30)
Diagnostic-Code: smtp; 552-5.2.2 The inbox of this user is over quota
 and cannot take more mail.
Last-Attempt-Date: ${DATE}
`,
      newsletter('rafael.pellerine@attic.example', 113),
    ),
  },
  {
    id: 'composed-free-text-unknown',
    kind: 'BOUNCE',
    recipients: [failed('otto.quillmark@crossroads.example', UNKNOWN)],
    text:
      head('MAILER-DAEMON@mx.example.org', 'bounces@news.example.com', 'failure notice', 114, ['Auto-Submitted: auto-generated']) +
      plain(
        `This is the mail program at mx.example.org. I could not deliver your message to the\naddress below. This is a permanent error; I have given up.\n\n<otto.quillmark@crossroads.example>:\n192.0.2.40 does not like recipient.\nRemote host said: 550 sorry, no mailbox here by that name (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n${newsletter('otto.quillmark@crossroads.example', 114)}`,
      ),
  },
  {
    id: 'composed-free-text-german-full',
    kind: 'BOUNCE',
    recipients: [failed('anton.grunewalt@granit.example', FULL)],
    text:
      head('Postmaster <postmaster@granit.example>', 'bounces@news.example.com', 'Unzustellbar: Lantern Weekly, autumn issue', 115, [
        'Auto-Submitted: auto-generated',
      ]) +
      plain(
        'Ihre Nachricht konnte nicht zugestellt werden.\n\nEmpfänger: anton.grunewalt@granit.example\nGrund: 552 5.2.2 Das Postfach des Empfängers ist voll\n\nBitte versuchen Sie es später noch einmal.',
      ),
  },
  {
    id: 'composed-ordinary-question',
    kind: 'OTHER',
    recipients: [],
    text:
      head('Ivo Ferrowby <ivo.ferrowby@brook.example>', 'weekly@news.example.com', 'Re: Lantern Weekly, autumn issue', 116, [
        'In-Reply-To: <116.weekly@news.example.com>',
      ]) + plain('Hello,\n\nwhich apples do you mean by "late" in the recipe? We have Boskoop in the garden.\n\nKind regards\nIvo'),
  },
  {
    id: 'composed-ordinary-about-bounces',
    kind: 'OTHER',
    recipients: [],
    text:
      head('Priya Silverdene <priya.silverdene@brook.example>', 'weekly@news.example.com', 'Question about your last issue', 117) +
      plain(
        'Hi,\n\nmy sister told me that your last issue came back to you because her mailbox was full. She has tidied up since.\nCould you send it to her once more? She looks forward to it every week.\n\nPriya',
      ),
  },
  {
    id: 'composed-read-receipt',
    kind: 'OTHER',
    recipients: [],
    text:
      head('Marek Corvello <marek.corvello@brook.example>', 'weekly@news.example.com', 'Read: Lantern Weekly, autumn issue', 118) +
      report('disposition-notification', [
        ['text/plain; charset=utf-8', 'Your message was shown on the screen of the recipient.'],
        [
          'message/disposition-notification',
          'Reporting-UA: mail.brook.example; ExampleReader 3.1\nFinal-Recipient: rfc822; marek.corvello@brook.example\nOriginal-Message-ID: <118.weekly@news.example.com>\nDisposition: manual-action/MDN-sent-manually; displayed\n',
        ],
      ]),
  },
];
