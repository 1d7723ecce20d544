import { beforeAll, describe, expect, test } from 'vitest';
import type { Door } from '../../../src/operations/feedback-item.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { ownTokenSecret } from '../../../src/operations/own-messages.ts';
import { makeOwnToken, TOKEN_HEADER } from '../../../src/reports/own-token.ts';
import { sql } from '../../../src/store/database.ts';
import {
  API_DOOR,
  aDelivery,
  aProfile,
  aResult,
  entriesOf,
  feedbackInstance,
  freshAddress,
  logOf,
  record,
  stateOf,
} from '../../support/feedback-instance.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

/** A mailbox: nobody there has shown who he is. */
const MAILBOX: Door = { name: 'mailbox', authenticated: false, actor: { name: 'mailbox', tokenId: null } };

interface Failed {
  readonly address: string;
  readonly action?: string;
  readonly status?: string;
  readonly diagnostic?: string;
}

let sent = 0;

/** A delivery report as RFC 3464 has it. */
function aReport(failed: readonly Failed[], options: { date?: string; messageId?: string; token?: string } = {}): Uint8Array {
  sent += 1;
  const { date = 'Sat, 01 Mar 2025 08:00:00 +0000', messageId = `original-${process.pid}-${sent}@sender.example`, token } = options;
  const groups = failed.map(({ address, action = 'failed', status = '5.1.1', diagnostic = `550 5.1.1 <${address}>: User unknown` }) =>
    [`Final-Recipient: rfc822; ${address}`, `Action: ${action}`, `Status: ${status}`, `Diagnostic-Code: smtp; ${diagnostic}`].join('\r\n'),
  );
  const lines = [
    'From: Mail Delivery System <MAILER-DAEMON@relay.example>',
    'To: bounces@sender.example',
    'Subject: Undelivered Mail Returned to Sender',
    `Date: ${date}`,
    `Message-ID: <report-${process.pid}-${sent}@relay.example>`,
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

function aComplaint(address: string): Uint8Array {
  sent += 1;
  return Buffer.from(
    [
      'From: feedback@provider.example',
      'To: fbl@sender.example',
      'Subject: Abuse report',
      'Date: Sat, 01 Mar 2025 09:00:00 +0000',
      `Message-ID: <fbl-${process.pid}-${sent}@provider.example>`,
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
      `Message-ID: <complained-${sent}@sender.example>`,
      'Subject: News',
      '',
      'Hello.',
      '--b2--',
      '',
    ].join('\r\n'),
  );
}

async function inboundStates(raw: Uint8Array): Promise<string[]> {
  const found = await instance.database.query<{ state: string }>(
    sql`SELECT state FROM inbound_event WHERE raw = ${Buffer.from(raw)}::bytea`,
  );
  return found.map(({ state }) => state);
}

describe('a raw message', () => {
  test('of several recipients judges each alone', async () => {
    const [unknown, full, late, fine] = [freshAddress(), freshAddress(), freshAddress(), freshAddress()];
    const answer = await ingestMessage(
      instance,
      aReport([
        { address: unknown },
        { address: full, status: '4.2.2', diagnostic: '452 4.2.2 The mailbox is over quota' },
        { address: late, action: 'delayed', status: '4.4.1', diagnostic: '451 4.4.1 Connection timed out' },
        { address: fine, action: 'delivered', status: '2.0.0', diagnostic: '250 2.0.0 Ok' },
      ]),
      API_DOOR,
    );
    expect(answer).toMatchObject({ kind: 'BOUNCE', duplicate: false });
    expect(Object.fromEntries(answer.recipients.map(({ address, addressStatus }) => [address, addressStatus]))).toEqual({
      [unknown]: 'QUARANTINE',
      [full]: 'ERRONEOUS',
      [late]: null,
      [fine]: null,
    });
    expect(await entriesOf(instance, unknown)).toMatchObject([{ source: 'BOUNCE_ASYNC', reason: 'USER_UNKNOWN' }]);
    expect(await stateOf(instance, full)).toBe('ERRONEOUS 1');
  });

  test('is kept as it came', async () => {
    const raw = aReport([{ address: freshAddress() }]);
    await ingestMessage(instance, raw, API_DOOR);
    expect(await inboundStates(raw)).toEqual(['PROCESSED']);
  });

  test('that comes through two doors counts once and is answered the same', async () => {
    const address = freshAddress();
    const raw = aReport([{ address, status: '4.2.2', diagnostic: '452 4.2.2 The mailbox is over quota' }]);
    const first = await ingestMessage(instance, raw, API_DOOR);
    const second = await ingestMessage(instance, raw, { ...API_DOOR, name: 'another door' });
    expect(second).toEqual({ ...first, duplicate: true });
    expect(await stateOf(instance, address)).toBe('ERRONEOUS 1');
  });

  test('taken in twice at once counts once', async () => {
    const raw = aReport([{ address: freshAddress() }]);
    const answers = await Promise.all([1, 2, 3, 4].map(() => ingestMessage(instance, raw, API_DOOR)));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await inboundStates(raw)).toEqual(['PROCESSED']);
  });

  test('that tells of a complaint denylists the address', async () => {
    const address = freshAddress();
    const answer = await ingestMessage(instance, aComplaint(address), API_DOOR);
    expect(answer).toMatchObject({ kind: 'COMPLAINT', recipients: [{ address, addressStatus: 'DENYLISTED' }] });
    expect(await entriesOf(instance, address)).toMatchObject([{ reason: 'REFUSED', source: 'FEEDBACK_LOOP' }]);
  });

  test('that asks to unsubscribe opts the profile out and leaves the address', async () => {
    const address = freshAddress();
    const profileId = await aProfile(instance, 'EMAIL', address);
    const raw = Buffer.from(
      `From: <${address}>\r\nTo: unsubscribe@sender.example\r\nSubject: unsubscribe\r\nDate: Sat, 01 Mar 2025 08:00:00 +0000\r\nMessage-ID: <u-${address}>\r\n\r\nunsubscribe\r\n`,
    );
    expect(await ingestMessage(instance, raw, API_DOOR)).toMatchObject({
      kind: 'UNSUBSCRIBE',
      recipients: [{ address, addressStatus: null }],
    });
    const [flags] = await instance.database.query<{ email: boolean }>(
      sql`SELECT opted_out_email AS email FROM profile WHERE id = ${profileId}`,
    );
    expect(flags?.email).toBe(true);
  });

  test('that is an auto-reply changes nothing', async () => {
    const address = freshAddress();
    const raw = Buffer.from(
      `From: <${address}>\r\nTo: news@sender.example\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\nDate: Sat, 01 Mar 2025 08:00:00 +0000\r\nMessage-ID: <a-${address}>\r\n\r\nI am away until Monday.\r\n`,
    );
    expect(await ingestMessage(instance, raw, API_DOOR)).toMatchObject({
      kind: 'AUTO_REPLY',
      recipients: [{ address, verdict: { type: 'IGNORED' } }],
    });
    expect(await stateOf(instance, address)).toBe('none');
  });

  test('that nobody understands is kept as OTHER', async () => {
    const raw = Buffer.from([0x00, 0xff, 0xfe, 0x80, ...Buffer.from(`${freshAddress()} \0 garbage`)]);
    expect(await ingestMessage(instance, raw, API_DOOR)).toEqual({ kind: 'OTHER', duplicate: false, recipients: [] });
    expect(await inboundStates(raw)).toEqual(['PROCESSED']);
  });

  test('without bytes is refused', async () => {
    await expect(ingestMessage(instance, new Uint8Array(0), API_DOOR)).rejects.toThrow('The message is empty.');
  });

  test('from the future counts from its receipt', async () => {
    const address = freshAddress();
    await ingestMessage(instance, aReport([{ address }], { date: 'Fri, 01 Jan 2100 08:00:00 +0000' }), API_DOOR);
    expect((await entriesOf(instance, address))[0]?.lastErrorAt).toEqual(instance.now());
  });
});

describe('which message it speaks of', () => {
  const now = () => instance.now().toUTCString();

  async function sentMessage(address: string, messageId: string) {
    const delivery = await aDelivery(instance, [{ address }]);
    await record(instance, aResult({ address, deliveryId: delivery.id, outcome: 'DELIVERED', messageId, occurredAt: instance.now() }));
    return delivery.logIds[0];
  }

  test('its Message-ID and the address tell the log', async () => {
    const address = freshAddress();
    const messageId = `own-${address}`;
    const log = await sentMessage(address, messageId);
    const answer = await ingestMessage(instance, aReport([{ address }], { messageId, date: now() }), API_DOOR);
    expect(answer.recipients).toMatchObject([{ deliveryLogId: log }]);
    expect(await logOf(instance, log)).toMatchObject({ status: 'FAILED', origin: 'ASYNC', quarantined: true });
  });

  test('else the last message that was sent to the address', async () => {
    const address = freshAddress();
    const log = await sentMessage(address, `mine-${address}`);
    const answer = await ingestMessage(instance, aReport([{ address }], { date: now() }), API_DOOR);
    expect(answer.recipients).toMatchObject([{ deliveryLogId: log }]);
  });

  test('our own token tells it even where the report names an alias', async () => {
    const address = freshAddress();
    const log = await sentMessage(address, `tok-${address}`);
    const token = makeOwnToken(String(log), ownTokenSecret(await instance.addressBook()));
    const answer = await ingestMessage(instance, aReport([{ address: freshAddress() }], { token, date: now() }), MAILBOX);
    expect(answer.recipients).toMatchObject([{ address, deliveryLogId: log, addressStatus: 'QUARANTINE' }]);
  });
});

describe('proof (amendment A11)', () => {
  test('a hard failure without proof from a mailbox is held', async () => {
    const address = freshAddress();
    const raw = aReport([{ address }]);
    const answer = await ingestMessage(instance, raw, MAILBOX);
    expect(answer.recipients).toMatchObject([{ address, addressStatus: null, verdict: { type: 'HARD' } }]);
    expect(await stateOf(instance, address)).toBe('none');
    expect(await inboundStates(raw)).toEqual(['UNPROVEN']);
  });

  test('a complaint without proof from a mailbox is held', async () => {
    const address = freshAddress();
    await ingestMessage(instance, aComplaint(address), MAILBOX);
    expect(await stateOf(instance, address)).toBe('none');
  });

  test('the same through the API counts', async () => {
    const address = freshAddress();
    await ingestMessage(instance, aReport([{ address }]), API_DOOR);
    expect(await stateOf(instance, address)).toBe('QUARANTINE 1');
  });

  test('a Message-ID that we sent to the address within seven days is proof', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }]);
    const messageId = `proof-${address}`;
    await record(instance, aResult({ address, deliveryId: delivery.id, outcome: 'DELIVERED', messageId, occurredAt: instance.now() }));
    await ingestMessage(instance, aReport([{ address }], { messageId, date: instance.now().toUTCString() }), MAILBOX);
    expect(await stateOf(instance, address)).toBe('QUARANTINE 1');
  });

  test('what was held counts once it comes through the API, and then no more', async () => {
    const [unknown, full] = [freshAddress(), freshAddress()];
    const raw = aReport([{ address: unknown }, { address: full, status: '4.2.2', diagnostic: '452 4.2.2 The mailbox is over quota' }]);
    await ingestMessage(instance, raw, MAILBOX);
    expect([await stateOf(instance, unknown), await stateOf(instance, full)]).toEqual(['none', 'ERRONEOUS 1']);
    await ingestMessage(instance, raw, MAILBOX);
    expect(await stateOf(instance, unknown)).toBe('none');
    expect(await ingestMessage(instance, raw, API_DOOR)).toMatchObject({ duplicate: false });
    expect(await ingestMessage(instance, raw, API_DOOR)).toMatchObject({ duplicate: true });
    expect([await stateOf(instance, unknown), await stateOf(instance, full)]).toEqual(['QUARANTINE 1', 'ERRONEOUS 1']);
    expect(await inboundStates(raw)).toEqual(['PROCESSED']);
    const [lines] = await instance.database.query<{ n: bigint }>(
      sql`SELECT count(*) AS n FROM delivery_event WHERE address IN (${unknown}, ${full})`,
    );
    expect(lines?.n).toBe(2n);
  });

  test('a forged token is none', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }]);
    const token = makeOwnToken(String(delivery.logIds[0]), 'another secret');
    await ingestMessage(instance, aReport([{ address }], { token }), MAILBOX);
    expect(await stateOf(instance, address)).toBe('none');
  });

  test('the setting unprovenReports = count counts them', async () => {
    const address = freshAddress();
    const counting = { ...instance, settings: async () => ({ ...(await instance.settings()), unprovenReports: 'count' as const }) };
    await ingestMessage(counting, aReport([{ address }]), MAILBOX);
    expect(await stateOf(instance, address)).toBe('QUARANTINE 1');
  });
});
