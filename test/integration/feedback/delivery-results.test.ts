import { beforeAll, describe, expect, test } from 'vitest';
import type { Instance } from '../../../src/operations/instance.ts';
import { sql } from '../../../src/store/database.ts';
import {
  aDelivery,
  aProfile,
  aResult,
  countersOf,
  entriesOf,
  feedbackInstance,
  logOf,
  record,
  stateOf,
  TEXT,
} from '../../support/feedback-instance.ts';
import { foldNow } from '../../support/fold-now.ts';
import { freshAddress, freshNumber } from '../../support/fresh.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

const at = (text: string) => new Date(text);

async function flagsOf(profileId: bigint): Promise<Record<string, boolean>> {
  const [flags] = await instance.database.query<Record<string, boolean>>(sql`
    SELECT opted_out_all AS all, opted_out_email AS email, opted_out_sms AS sms FROM profile WHERE id = ${profileId}`);
  return flags ?? {};
}

describe('what a result does to the address', () => {
  test('R67: an ignored error makes no entry', async () => {
    const result = aResult({ outcome: 'AUTO_REPLY', text: 'I am on holiday until Monday' });
    const outcome = await record(instance, result);
    expect(outcome).toMatchObject({ accepted: true, duplicate: false, addressStatus: null });
    expect(await stateOf(instance, result.address)).toBe('none');
  });

  test('R68: a hard error quarantines at once', async () => {
    const result = aResult({ text: TEXT.unknownUser });
    const outcome = await record(instance, result);
    expect(outcome.addressStatus).toBe('QUARANTINE');
    expect(outcome.verdict).toMatchObject({ type: 'HARD', reason: 'USER_UNKNOWN', fault: 'RECIPIENT' });
    const [entry] = await entriesOf(instance, result.address);
    expect(entry).toMatchObject({
      status: 'QUARANTINE',
      errorCount: 1,
      reason: 'USER_UNKNOWN',
      errorText: TEXT.unknownUser,
      source: 'BOUNCE_SYNC',
    });
  });

  test('R69: a soft error only raises the counter', async () => {
    const result = aResult();
    expect((await record(instance, result)).addressStatus).toBe('ERRONEOUS');
    expect(await stateOf(instance, result.address)).toBe('ERRONEOUS 1');
  });

  test('R70, R71, R72: the fifth error that is 24 hours after the last counted one quarantines', async () => {
    const address = freshAddress();
    const states: string[] = [];
    const days = ['2025-03-01T08:00:00Z', '2025-03-02T07:59:59Z', '2025-03-02T08:00:00Z', '2025-03-03T08:00:00Z', '2025-03-04T08:00:00Z'];
    for (const day of [...days, '2025-03-05T08:00:00Z']) {
      await record(instance, aResult({ address, occurredAt: at(day) }));
      states.push(await stateOf(instance, address));
    }
    expect(states).toEqual(['ERRONEOUS 1', 'ERRONEOUS 1', 'ERRONEOUS 2', 'ERRONEOUS 3', 'ERRONEOUS 4', 'QUARANTINE 5']);
  });

  test('R17: a hard bounce leaves the flags of the profile as they are', async () => {
    const address = freshAddress();
    const profileId = await aProfile(instance, 'EMAIL', address);
    await record(instance, aResult({ address, text: TEXT.unknownUser }));
    expect(await flagsOf(profileId)).toEqual({ all: false, email: false, sms: false });
  });

  test('R19: two profiles with the same number share the one entry', async () => {
    const number = freshNumber();
    await aProfile(instance, 'SMS', number);
    await aProfile(instance, 'SMS', number);
    await record(instance, aResult({ channel: 'SMS', address: number, text: '451 4.3.0 Temporary failure' }));
    expect(await entriesOf(instance, number)).toHaveLength(1);
  });

  test('R24, R25: a complaint denylists the one address that complained', async () => {
    const [address, other] = [freshAddress(), freshAddress()];
    const profileId = await aProfile(instance, 'EMAIL', address, other);
    await record(instance, aResult({ address, outcome: 'COMPLAINT', text: 'abuse', origin: 'FEEDBACK_LOOP' }));
    expect(await entriesOf(instance, address)).toMatchObject([{ status: 'DENYLISTED', reason: 'REFUSED', source: 'FEEDBACK_LOOP' }]);
    expect(await entriesOf(instance, other)).toEqual([]);
    expect(await flagsOf(profileId)).toEqual({ all: false, email: false, sms: false });
  });

  test('R24, R25: STOP denylists the number for its short code', async () => {
    const number = freshNumber();
    const outcome = await record(instance, aResult({ channel: 'SMS', address: number, outcome: 'STOP', shortCode: '12345', text: 'STOP' }));
    expect(outcome.addressStatus).toBe('DENYLISTED');
    expect(await entriesOf(instance, number)).toMatchObject([
      { status: 'DENYLISTED', reason: 'DENYLISTED', shortCode: '12345', source: 'SMS_STOP' },
    ]);
  });

  test('an unsubscribe opts out every profile of the address, by the ledger, and leaves the address alone', async () => {
    const address = freshAddress();
    const profiles = [await aProfile(instance, 'EMAIL', address), await aProfile(instance, 'EMAIL', address)];
    await record(instance, aResult({ address, outcome: 'UNSUBSCRIBE', text: null }));
    expect(await Promise.all(profiles.map(flagsOf))).toEqual(profiles.map(() => ({ all: false, email: true, sms: false })));
    expect(await stateOf(instance, address)).toBe('none');
    const ledger = await instance.database.query(sql`
      SELECT profile_id, channel, opted_out, source FROM consent_event WHERE profile_id IN (${profiles[0]}, ${profiles[1]}) ORDER BY profile_id`);
    expect(ledger).toEqual(profiles.map((profile_id) => ({ profile_id, channel: 'EMAIL', opted_out: true, source: 'MAILTO' })));
    const addresses = await instance.database.query(sql`SELECT opted_out FROM address WHERE value = ${address}`);
    expect(addresses).toEqual([{ opted_out: true }, { opted_out: true }]);
  });

  test('an unsubscribe that names the message opts out its profile only', async () => {
    const address = freshAddress();
    const [target, other] = [await aProfile(instance, 'EMAIL', address), await aProfile(instance, 'EMAIL', address)];
    const delivery = await aDelivery(instance, [{ address, profileId: target }]);
    await record(instance, aResult({ address, outcome: 'UNSUBSCRIBE', deliveryId: delivery.id }));
    expect([await flagsOf(target), await flagsOf(other)]).toMatchObject([{ email: true }, { email: false }]);
  });

  test('an unsubscribe from before a later opt-in does not undo it', async () => {
    const address = freshAddress();
    const profileId = await aProfile(instance, 'EMAIL', address);
    await instance.database.execute(sql`
      INSERT INTO consent_event (profile_id, channel, opted_out, source, occurred_at)
      VALUES (${profileId}, 'EMAIL', false, 'OPERATOR', '2025-04-01T00:00:00Z')`);
    await record(instance, aResult({ address, outcome: 'UNSUBSCRIBE', occurredAt: at('2025-03-01T00:00:00Z') }));
    expect(await flagsOf(profileId)).toMatchObject({ email: false });
  });

  test("the sender's fault never counts", async () => {
    const result = aResult({ text: '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org' });
    const outcome = await record(instance, result);
    expect(outcome.verdict?.fault).toBe('SENDER');
    expect(await stateOf(instance, result.address)).toBe('none');
  });

  test('a delay is no failure', async () => {
    const result = aResult({ outcome: 'DELAYED', text: TEXT.mailboxFull });
    await record(instance, result);
    expect(await stateOf(instance, result.address)).toBe('none');
  });
});

describe('order (amendment A5)', () => {
  test('a soft error older than the last success changes nothing, also where the entry is gone', async () => {
    const address = freshAddress();
    await record(instance, aResult({ address, outcome: 'DELIVERED', occurredAt: at('2025-03-02T08:00:00Z') }));
    await record(instance, aResult({ address, occurredAt: at('2025-03-01T08:00:00Z') }));
    expect(await stateOf(instance, address)).toBe('none');
  });

  test('an older hard error still quarantines and changes no counter', async () => {
    const address = freshAddress();
    await record(instance, aResult({ address, occurredAt: at('2025-03-05T08:00:00Z') }));
    await record(instance, aResult({ address, text: TEXT.unknownUser, occurredAt: at('2025-03-01T08:00:00Z') }));
    expect(await stateOf(instance, address)).toBe('QUARANTINE 1');
  });

  test('versions go on rising after an entry was deleted', async () => {
    const address = freshAddress();
    await record(instance, aResult({ address }));
    await instance.database.execute(sql`DELETE FROM quarantine_entry WHERE address = ${address}`);
    await record(instance, aResult({ address, occurredAt: at('2025-05-01T08:00:00Z') }));
    expect((await entriesOf(instance, address))[0]?.version).toBe(2);
  });
});

describe('what a result does to the log', () => {
  test('the newest result decides; older ones are only appended', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }]);
    const log = delivery.logIds[0];
    const send = (minute: string, result: Parameters<typeof aResult>[0]) =>
      record(instance, aResult({ address, deliveryId: delivery.id, occurredAt: at(`2025-03-01T08:${minute}:00Z`), ...result }));
    await send('10', { outcome: 'DELIVERED', text: '250 ok', messageId: '<m1@example.com>' });
    expect(await logOf(instance, log)).toMatchObject({ status: 'SENT', attempts: 1, version: 2, messageId: '<m1@example.com>' });
    await send('05', { text: TEXT.mailboxFull });
    expect(await logOf(instance, log)).toMatchObject({ status: 'SENT', failureType: null, attempts: 2, version: 3 });
    await send('20', { text: TEXT.unknownUser, origin: 'ASYNC' });
    expect(await logOf(instance, log)).toMatchObject({
      status: 'FAILED',
      failureType: 'HARD',
      failureReason: 'USER_UNKNOWN',
      origin: 'ASYNC',
      attempts: 2,
      quarantined: true,
      rawText: TEXT.unknownUser,
      qualificationText: '550 5.1.1 <*>: Recipient address rejected: User unknown in virtual mailbox table',
      version: 4,
    });
    const ledger = await instance.database.query<{ version: number }>(
      sql`SELECT version FROM delivery_event WHERE delivery_log_id = ${log} ORDER BY txid, id`,
    );
    expect(ledger.map(({ version }) => version)).toEqual([2, 3, 4]);
    expect(await countersOf(instance, delivery.id)).toEqual({ pending: -1, failed: 1, hard: 1, newQuarantines: 1 });
  });

  test('counters follow the final state of the log and survive the folding', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }]);
    await record(instance, aResult({ address, deliveryId: delivery.id }));
    expect(await countersOf(instance, delivery.id)).toEqual({ pending: -1, failed: 1, soft: 1 });
    await foldNow(instance);
    await record(instance, aResult({ address, deliveryId: delivery.id, outcome: 'DELIVERED', occurredAt: at('2025-03-01T09:00:00Z') }));
    await record(instance, aResult({ address, deliveryId: delivery.id, outcome: 'COMPLAINT', occurredAt: at('2025-03-01T10:00:00Z') }));
    expect(await countersOf(instance, delivery.id)).toEqual({ pending: -1, sent: 1, complaints: 1 });
    await foldNow(instance);
    expect(await countersOf(instance, delivery.id)).toEqual({ pending: -1, sent: 1, complaints: 1 });
    const [left] = await instance.database.query<{ n: bigint }>(
      sql`SELECT count(*) AS n FROM counter_delta WHERE kind = 'DELIVERY' AND subject = ${delivery.id}`,
    );
    expect(left?.n).toBe(0n);
  });

  test('an SMS that was delivered was received on the mobile', async () => {
    const number = freshNumber();
    const delivery = await aDelivery(instance, [{ address: number }], { channel: 'SMS' });
    await record(
      instance,
      aResult({ channel: 'SMS', address: number, deliveryId: delivery.id, outcome: 'DELIVERED', origin: 'STATUS_REPORT' }),
    );
    expect(await logOf(instance, delivery.logIds[0])).toMatchObject({ status: 'RECEIVED_ON_MOBILE', attempts: 0 });
  });

  test('ASY-1: an asynchronous failure more than seven days after sending is kept and changes nothing', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }]);
    await record(instance, aResult({ address, deliveryId: delivery.id, outcome: 'DELIVERED', occurredAt: at('2025-03-01T08:00:00Z') }));
    const late = aResult({
      address,
      deliveryId: delivery.id,
      text: TEXT.unknownUser,
      origin: 'ASYNC',
      occurredAt: at('2025-03-08T08:00:01Z'),
    });
    expect(await record(instance, late)).toMatchObject({ accepted: true, addressStatus: null });
    expect(await logOf(instance, delivery.logIds[0])).toMatchObject({ status: 'SENT' });
    const inTime = { ...late, occurredAt: at('2025-03-08T08:00:00Z') };
    expect(await record(instance, inTime)).toMatchObject({ addressStatus: 'QUARANTINE' });
  });

  test('SMS-5: a STOP is for the short code however its digits are grouped', async () => {
    const address = freshNumber();
    await record(instance, aResult({ channel: 'SMS', address, outcome: 'STOP', text: 'STOP', shortCode: '+1 (555) 010-0199' }));
    expect(await entriesOf(instance, address)).toMatchObject([{ status: 'DENYLISTED', shortCode: '15550100199' }]);
  });

  test.each([
    ['COMPLAINT', 'EMAIL', 'WEBHOOK'],
    ['COMPLAINT', 'EMAIL', 'ASYNC'],
    ['STOP', 'SMS', 'STATUS_REPORT'],
  ] as const)('A5: a %s counts however late it comes (%s, %s)', async (outcome, channel, origin) => {
    const address = channel === 'SMS' ? freshNumber() : freshAddress();
    const delivery = await aDelivery(instance, [{ address }], { channel });
    const sent = { channel, address, deliveryId: delivery.id };
    await record(instance, aResult({ ...sent, outcome: 'DELIVERED', text: null, occurredAt: at('2025-03-01T08:00:00Z') }));
    const wish = aResult({ ...sent, outcome, origin, text: null, occurredAt: at('2025-04-01T08:00:00Z') });
    expect(await record(instance, wish)).toMatchObject({ addressStatus: 'DENYLISTED' });
  });

  test('a log is found by its Message-ID and address, with or without angle brackets', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }]);
    const sent = aResult({ address, deliveryId: delivery.id, outcome: 'DELIVERED', messageId: `<${address}>` });
    await record(instance, sent);
    await record(instance, aResult({ address, messageId: address, text: TEXT.unknownUser, occurredAt: at('2025-03-01T09:00:00Z') }));
    expect(await logOf(instance, delivery.logIds[0])).toMatchObject({ status: 'FAILED', failureReason: 'USER_UNKNOWN' });
  });
});
