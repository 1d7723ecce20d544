import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { countUnprovenReport } from '../../../src/operations/count-unproven-report.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { ownTokenOf } from '../../../src/operations/own-messages.ts';
import { makeOwnToken } from '../../../src/reports/own-token.ts';
import { sql } from '../../../src/store/database.ts';
import {
  API_DOOR,
  aDelivery,
  aProfile,
  aResult,
  entriesOf,
  feedbackInstance,
  logOf,
  record,
  stateOf,
} from '../../support/feedback-instance.ts';
import { freshAddress } from '../../support/fresh.ts';
import { aComplaint, aReport, MAILBOX } from '../../support/reports.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

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

  test('of every byte there is is kept byte for byte', async () => {
    const raw = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => (index * 7) % 256));
    expect((await ingestMessage(instance, raw, API_DOOR)).duplicate).toBe(false);
    const [kept] = await instance.database.query<{ size: number }>(
      sql`SELECT length(raw) AS size FROM inbound_event WHERE sha256(raw) = decode(${createHash('sha256').update(raw).digest('hex')}, 'hex')`,
    );
    expect(kept?.size).toBe(raw.length);
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
    const token = ownTokenOf(log ?? 0n, await instance.addressBook());
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

  test('with the setting proofRequired the API needs it too: a forged report is held, one with our token counts, and so does what a person says', async () => {
    const strict = { ...instance, settings: async () => ({ ...(await instance.settings()), proofRequired: true }) };
    const [forged, proven] = [freshAddress(), freshAddress()];
    const delivery = await aDelivery(instance, [{ address: proven }]);
    const token = ownTokenOf(delivery.logIds[0] ?? 0n, await instance.addressBook());
    const report = aReport([{ address: forged }]);
    await ingestMessage(strict, report, API_DOOR);
    await ingestMessage(strict, report, API_DOOR);
    await ingestMessage(strict, aReport([{ address: proven }], { token }), API_DOOR);
    expect([await stateOf(instance, forged), await stateOf(instance, proven)]).toEqual(['none', 'QUARANTINE 1']);
    const [held] = await instance.database.query<{ id: bigint }>(
      sql`SELECT id FROM inbound_event WHERE raw = ${Buffer.from(report)}::bytea`,
    );
    await countUnprovenReport(strict, held?.id ?? 0n, API_DOOR.actor);
    expect(await stateOf(instance, forged)).toBe('QUARANTINE 1');
  });

  test('the setting unprovenReports = count counts them', async () => {
    const address = freshAddress();
    const counting = { ...instance, settings: async () => ({ ...(await instance.settings()), unprovenReports: 'count' as const }) };
    await ingestMessage(counting, aReport([{ address }]), MAILBOX);
    expect(await stateOf(instance, address)).toBe('QUARANTINE 1');
  });
});
