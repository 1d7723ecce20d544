import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { erasedAddress } from '../../../src/domain/address/erased-address.ts';
import { ingestMessage } from '../../../src/operations/ingest-message.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { releaseQuarantine } from '../../../src/operations/release-quarantine.ts';
import { requalify } from '../../../src/operations/requalify.ts';
import { verifyQuarantine } from '../../../src/operations/verify-quarantine.ts';
import { type Database, sql } from '../../../src/store/database.ts';
import { API_DOOR } from '../../support/feedback-instance.ts';
import { freshNumber, freshWord } from '../../support/fresh.ts';
import { findTexts } from '../../support/scan-database.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { anAddress, bounceOf, erase, OPERATOR } from './somebody.ts';

let database: Database;
let instance: Instance;
beforeAll(async () => {
  database = await freshDatabase();
  instance = await testInstance(database);
});
afterAll(() => database.close());

const failure = (address: string, text: string, more = {}) => ({
  channel: 'EMAIL' as const,
  address,
  outcome: 'FAILED' as const,
  text,
  occurredAt: new Date('2026-05-10T08:00:00Z'),
  ...more,
});

/** A letter that names nobody where it can be read without decoding. */
function letterOf(text: string, encoding: 'base64' | 'quoted-printable'): Uint8Array {
  const body = encoding === 'base64' ? Buffer.from(text).toString('base64').replace(/.{60}/g, '$&\n') : text.replace('@', '=40');
  return new TextEncoder().encode(`From: post@mx.test
To: bounce@sender.test
Subject: Hello
Message-ID: <${freshWord()}@mx.test>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: ${encoding}

${body}
`);
}

const rawOf = (text: string) =>
  database.query(sql`SELECT id FROM inbound_event WHERE kind = 'MESSAGE' AND strpos(encode(raw, 'escape'), ${text}) > 0`);

describe('what was kept of a person in another form', () => {
  test.each(['base64', 'quoted-printable'] as const)('goes with a letter that names them in %s', async (encoding) => {
    const address = anAddress('hidden');
    const letter = letterOf(`Please write to ${address} no more.`, encoding);
    const [line = ''] = Buffer.from(letter).toString('latin1').trimEnd().split('\n').slice(-1);
    await ingestMessage(instance, letter, API_DOOR);
    expect(await rawOf(line)).toHaveLength(1);
    await erase(instance, { namespace: 'EMAIL', value: address });
    expect(await rawOf(line)).toHaveLength(0);
  });

  test('goes where a result about somebody else quotes them, and that result stays', async () => {
    const [address, other] = [anAddress('quoted'), anAddress('other')];
    const text = `451 4.7.1 ${freshWord()} asks for leave of <${address.toUpperCase()}>`;
    await recordDeliveryResults(instance, [failure(other, text)], API_DOOR);
    expect(await findTexts(database, [address])).toEqual(
      expect.arrayContaining([expect.stringMatching(/^inbound_event\.payload/), expect.stringMatching(/^qualification\.first_text/)]),
    );
    await erase(instance, { namespace: 'EMAIL', value: address });
    expect(await findTexts(database, [address])).toEqual([]);
    const [kept] = await database.query<{ payload: { address: string; text: string } }>(sql`
      SELECT payload FROM inbound_event WHERE payload ->> 'address' = ${other}`);
    expect(kept?.payload.text).toBe(text.replace(address.toUpperCase(), '***'));
    expect((await verifyQuarantine(instance, OPERATOR)).different).toBe(0);
  });

  test('goes out of the filter of a release, which is never widened by it', async () => {
    const number = freshNumber();
    const spaced = `${number.slice(0, 3)} ${number.slice(3).replace(/(..)(?=.)/g, '$1 ')}`;
    const id = await releaseQuarantine(
      instance,
      { filter: { address: { eq: spaced }, domain: [number] }, mode: 'SET_VALID', dryRun: true },
      OPERATOR,
    );
    await database.execute(sql`UPDATE quarantine_release SET state = 'RUNNING' WHERE id = ${id}`);
    await erase(instance, { namespace: 'MOBILE_PHONE', value: number });
    expect(await database.query(sql`SELECT filter FROM quarantine_release WHERE id = ${id}`)).toEqual([
      { filter: { address: { eq: '***' }, domain: ['***'] } },
    ]);
  });
});

describe('what comes in after an erasure', () => {
  test('about somebody else keeps no quote of the erased address', async () => {
    const [address, first, second] = [anAddress('gone'), anAddress('first'), anAddress('second')];
    await erase(instance, { namespace: 'EMAIL', value: address });
    const text = `451 4.7.1 ${freshWord()} asks for leave of <${address}>`;
    const [answered] = await recordDeliveryResults(instance, [failure(first, text)], API_DOOR);
    expect(answered).toMatchObject({ accepted: true, duplicate: false });
    expect((await recordDeliveryResults(instance, [failure(first, text)], API_DOOR))[0]).toMatchObject({ duplicate: true });
    await ingestMessage(instance, bounceOf([second], `550 5.1.1 ${freshWord()}: ${address} left`), API_DOOR);
    expect(await findTexts(database, [address])).toEqual([]);
    const lines = await database.query<{ text: string }>(
      sql`SELECT raw_text AS text FROM delivery_event WHERE address IN (${first}, ${second})`,
    );
    expect(lines.map(({ text: line }) => line.includes('***'))).toEqual([true, true]);
  });

  test('in the filter of a release or a requalification stands under the display form, also in the audit trail', async () => {
    const [address, number] = [anAddress('filtered'), freshNumber()];
    await erase(instance, { namespace: 'EMAIL', value: address });
    await erase(instance, { namespace: 'MOBILE_PHONE', value: number });
    const release = { mode: 'SET_VALID', dryRun: false } as const;
    const occurredAt = { from: new Date('2026-05-09T00:00:00Z') };
    for (const eq of [address.toUpperCase(), number]) {
      await releaseQuarantine(instance, { filter: { address: { eq } }, ...release }, OPERATOR);
      await releaseQuarantine(instance, { filter: { errorTextContains: [`<${eq}> is full`] }, ...release }, OPERATOR);
      await requalify(instance, { filter: { occurredAt, address: { contains: eq } }, dryRun: false }, OPERATOR);
    }
    expect(await findTexts(database, [address])).toEqual([]);
    const key = (await instance.addressBook()).key('EMAIL', address);
    const filters = await database.query<{ filter: object }>(sql`SELECT filter FROM quarantine_release ORDER BY id DESC LIMIT 4`);
    expect(filters.at(-1)?.filter).toEqual({ address: { eq: erasedAddress(key) } });
    expect(filters.at(1)?.filter).not.toEqual({ address: { eq: number } });
  });

  test('keeps no Message-ID that spells the address', async () => {
    const address = anAddress('verp');
    await erase(instance, { namespace: 'EMAIL', value: address });
    const ids = [`<bounce+${address.replace('@', '=')}@sender.test>`, `<${freshWord()}@sender.test>`];
    const results = ids.map((messageId) => failure(address, '550 5.1.1 unknown', { messageId, eventId: messageId }));
    await recordDeliveryResults(instance, results, API_DOOR);
    expect(await findTexts(database, [address, address.replace('@', '=')])).toEqual([]);
    expect(await findTexts(database, [ids[1] ?? ''])).not.toEqual([]);
  });
});

test('with ADDRESS_CASE=exact a message is found by the very spelling that is erased', async () => {
  const exactDatabase = await freshDatabase();
  try {
    const exact = await testInstance(exactDatabase, { addressCase: 'exact' });
    const address = anAddress('Capital');
    await ingestMessage(exact, bounceOf([anAddress('other')], `550 5.1.1 ask ${address}`), API_DOOR);
    expect(await findTexts(exactDatabase, [address])).not.toEqual([]);
    await erase(exact, { namespace: 'EMAIL', value: address });
    expect(await findTexts(exactDatabase, [address])).toEqual([]);
  } finally {
    await exactDatabase.close();
  }
});
