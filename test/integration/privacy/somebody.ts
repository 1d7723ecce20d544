/** A person of whom every table of the database knows something. */
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { createDelivery } from '../../../src/operations/create-delivery.ts';
import { type CreatePrivacyRequestInput, createPrivacyRequest } from '../../../src/operations/create-privacy-request.ts';
import { createProfile } from '../../../src/operations/create-profile.ts';
import { createQuarantineEntry } from '../../../src/operations/create-quarantine-entry.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Actor, Instance } from '../../../src/operations/instance.ts';
import { optOut } from '../../../src/operations/opt-out.ts';
import { prepareDelivery } from '../../../src/operations/prepare-delivery.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { requalify } from '../../../src/operations/requalify.ts';
import { preparationName } from '../../../src/operations/run-preparation.ts';
import { type PrivacyRunOptions, privacyName } from '../../../src/operations/run-privacy-request.ts';
import { type Queryable, sql } from '../../../src/store/database.ts';
import { API_DOOR } from '../../support/feedback-instance.ts';
import { freshAddress, freshNumber, freshWord } from '../../support/fresh.ts';

export const OPERATOR: Actor = { name: 'operator', tokenId: 1n };

export interface Somebody {
  readonly profileId: bigint;
  readonly externalId: string;
  readonly firstName: string;
  readonly lastName: string;
  /** Canonical. */
  readonly email: string;
  readonly mobile: string;
  readonly deliveryId: bigint;
  /** All that must not be found any more. */
  readonly texts: readonly string[];
}

export const anAddress = (name: string): string => freshAddress(name, 'privacy.test');

/** A bounce that names these recipients. */
export function bounceOf(addresses: readonly string[], text = '550 5.1.1 User unknown'): Uint8Array {
  const mark = freshWord();
  const groups = addresses.map(
    (address) => `\nFinal-Recipient: rfc822; ${address}\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; ${text}\n`,
  );
  const lines = `From: MAILER-DAEMON@mx.test\nTo: bounce@sender.test\nSubject: Undelivered Mail\nMessage-ID: <${mark}@mx.test>
Date: Mon, 11 May 2026 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message to ${addresses.join(' and ')} could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test
${groups.join('')}
--b--
`;
  return new TextEncoder().encode(lines);
}

/** Makes a person of whom profiles, consents, deliveries, results, messages, entries, releases and the audit trail know. */
export async function somebody(instance: Instance, other: string): Promise<Somebody> {
  const mark = freshWord();
  const email = `zelda.${mark}@privacy.test`;
  const mobile = freshNumber();
  const [externalId, firstName, lastName] = [`crm-zelda-${mark}`, `Zelda${mark}`, `Quartermain${mark}`];
  const addresses = [
    { channel: 'EMAIL' as const, value: ` Zelda.${mark}@Privacy.TEST ` },
    { channel: 'SMS' as const, value: mobile },
  ];
  const profileId = await createProfile(instance, { externalId, firstName, lastName, addresses }, OPERATOR);
  const deliveryId = await createDelivery(instance, { label: 'News', channel: 'EMAIL', profileIds: [profileId] }, OPERATOR);
  for (let run = 0; run < 2; run += 1) {
    await prepareDelivery(instance, deliveryId, OPERATOR);
    await backgroundWorkEnded(instance, preparationName(deliveryId));
  }
  await recordDeliveryResults(
    instance,
    [
      {
        channel: 'EMAIL',
        address: email,
        deliveryId,
        outcome: 'FAILED',
        text: `452 4.2.2 Mailbox of ${firstName} ${lastName} <${email}> is full`,
        messageId: `<bounce+zelda.${mark}=privacy.test@sender.test>`,
        occurredAt: new Date('2026-05-10T08:00:00Z'),
      },
      {
        channel: 'SMS',
        address: mobile,
        outcome: 'FAILED',
        text: `${mobile} is switched off`,
        occurredAt: new Date('2026-05-10T09:00:00Z'),
      },
    ],
    API_DOOR,
  );
  await releaseQuarantine(instance, { filter: { address: { eq: email } }, mode: 'SET_VALID', dryRun: false }, OPERATOR);
  const asked = { occurredAt: { from: new Date('2026-05-09T00:00:00Z') }, address: { eq: email } };
  await requalify(instance, { filter: asked, dryRun: false }, OPERATOR);
  await ingestMessage(instance, bounceOf([email, other], `550 5.1.1 <${email}>: ${firstName} ${lastName} left`), API_DOOR);
  await createQuarantineEntry(
    instance,
    { channel: 'PHONE', address: mobile, status: 'ERRONEOUS', errorText: `${firstName} hung up` },
    OPERATOR,
  );
  const limited = await createDelivery(instance, { label: 'More', channel: 'EMAIL', profileIds: [profileId] }, OPERATOR);
  await prepareDelivery(instance, limited, OPERATOR);
  await backgroundWorkEnded(instance, preparationName(limited));
  await optOut(instance, { profileId, channels: ['SMS'], source: 'OPERATOR', note: `${firstName} called, she is ${externalId}` }, OPERATOR);
  const access = await createPrivacyRequest(
    instance,
    { regulation: 'GDPR', type: 'ACCESS', subject: { namespace: 'EMAIL', value: email } },
    OPERATOR,
  );
  await backgroundWorkEnded(instance, privacyName(access));
  const local = email.split('@')[0] ?? '';
  const texts = [email, `${local}=privacy.test`, mobile, externalId, firstName, lastName];
  return { profileId, externalId, firstName, lastName, email, mobile, deliveryId, texts };
}

/** Erases in one step and waits. */
export async function erase(
  instance: Instance,
  subject: CreatePrivacyRequestInput['subject'],
  options: PrivacyRunOptions & { eraseShared?: boolean } = {},
): Promise<bigint> {
  const { eraseShared = false, ...run } = options;
  const id = await createPrivacyRequest(
    instance,
    { regulation: 'GDPR', type: 'DELETE', subject, singleStep: true, eraseShared },
    OPERATOR,
    run,
  );
  await backgroundWorkEnded(instance, privacyName(id));
  return id;
}

export interface RequestView {
  readonly status: string;
  readonly value: string | null;
  readonly error: string | null;
  readonly work: unknown;
  readonly report: { readonly counts?: Record<string, number>; readonly shared?: readonly object[] };
}

export async function requestOf(database: Queryable, id: bigint): Promise<RequestView> {
  const [row] = await database.query<RequestView>(sql`SELECT status, value, error, work, report FROM privacy_request WHERE id = ${id}`);
  if (!row) throw new Error('there is no such request');
  return row;
}
