import { beforeAll, describe, expect, test } from 'vitest';
import { InvalidInputError } from '../../../src/domain/errors.ts';
import type { Door } from '../../../src/operations/feedback-item.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { recordDeliveryResults } from '../../../src/operations/record-delivery-results.ts';
import { rows, sql } from '../../../src/store/database.ts';
import { API_DOOR, aDelivery, aResult, entriesOf, feedbackInstance, record, stateOf, TEXT } from '../../support/feedback-instance.ts';
import { freshAddress, freshNumber } from '../../support/fresh.ts';

let instance: Instance;

beforeAll(async () => {
  instance = await feedbackInstance();
});

const at = (text: string) => new Date(text);

describe('repeats', () => {
  test('a repeated event id changes nothing and is answered as a duplicate', async () => {
    const result = aResult({ eventId: `event ${freshAddress()}` });
    await record(instance, result);
    const again = await record(instance, { ...result, occurredAt: at('2025-03-09T08:00:00Z') });
    expect(again).toMatchObject({ accepted: true, duplicate: true, addressStatus: 'ERRONEOUS', error: null });
    expect(await stateOf(instance, result.address)).toBe('ERRONEOUS 1');
  });

  test('a repeat is answered with what was made of the first, whatever itself says', async () => {
    const eventId = `first ${freshAddress()}`;
    const first = await record(instance, aResult({ eventId, text: TEXT.unknownUser }));
    const other = aResult({ eventId, text: TEXT.mailboxFull });
    const again = await recordDeliveryResults(instance, [other, other], API_DOOR);
    for (const answer of again) expect(answer).toEqual({ ...first, index: answer.index, duplicate: true });
    const delivered = await record(instance, aResult({ eventId, outcome: 'DELIVERED', text: null }));
    expect(delivered).toEqual({ ...first, duplicate: true });
    expect(await stateOf(instance, other.address)).toBe('none');
  });

  test.each([true, false])('a repeat is no refusal where the delivery has been prepared again since (event id: %s)', async (named) => {
    const address = freshAddress();
    const { id, logIds } = await aDelivery(instance, [{ address }]);
    const eventId = named ? `prepared again ${address}` : null;
    const result = aResult({ address, deliveryLogId: logIds[0], text: TEXT.unknownUser, eventId });
    const first = await record(instance, result);
    await instance.database.execute(sql`UPDATE delivery SET run = 2 WHERE id = ${id}`);
    const news = aResult({ address, deliveryLogId: logIds[0], text: TEXT.mailboxFull });
    const [again, other] = await recordDeliveryResults(instance, [result, news], API_DOOR);
    expect(again).toEqual({ ...first, duplicate: true });
    expect(other).toMatchObject({ accepted: false, duplicate: false, error: { field: 'deliveryLogId' } });
    expect(await stateOf(instance, address)).toBe('QUARANTINE 1');
  });

  test('a repeat of a STOP is answered with the status for the short code of the first', async () => {
    const eventId = `stop ${freshAddress()}`;
    const stop = aResult({ eventId, channel: 'SMS', address: freshNumber(), outcome: 'STOP', shortCode: '1 23-45', text: null });
    await record(instance, stop);
    expect(await record(instance, { ...stop, shortCode: '99999' })).toMatchObject({ duplicate: true, addressStatus: 'DENYLISTED' });
  });

  test('a STOP changes the entry that an earlier version kept with a plus, and its ledger stays one', async () => {
    const stop = aResult({ channel: 'SMS', address: freshNumber(), outcome: 'STOP', shortCode: '12345', text: null });
    await record(instance, stop);
    const here = sql`address = ${stop.address}`;
    await instance.database.execute(sql`UPDATE quarantine_entry SET short_code = '+12345', status = 'VALID' WHERE ${here}`);
    await instance.database.execute(sql`UPDATE quarantine_event SET short_code = '+12345' WHERE ${here}`);
    const again = await record(instance, { ...stop, occurredAt: at('2025-03-02T08:00:00Z') });
    expect(again).toMatchObject({ duplicate: false, addressStatus: 'DENYLISTED' });
    expect(await entriesOf(instance, stop.address)).toMatchObject([{ shortCode: '+12345', status: 'DENYLISTED', version: 2 }]);
    const lines = await instance.database.query(sql`SELECT short_code, version FROM quarantine_event WHERE ${here} ORDER BY id`);
    expect(lines).toEqual([1, 2].map((version) => ({ short_code: '+12345', version })));
  });

  test('a result that was kept without its answer, by an earlier version, is qualified again for a repeat', async () => {
    const result = aResult({ eventId: `old ${freshAddress()}`, text: TEXT.unknownUser });
    const first = await record(instance, result);
    await instance.database.execute(sql`UPDATE inbound_event SET answer = NULL WHERE payload ->> 'address' = ${result.address}`);
    expect(await record(instance, { ...result, text: TEXT.mailboxFull })).toEqual({ ...first, duplicate: true });
  });

  test('without an event id the content is the key', async () => {
    const result = aResult({ text: TEXT.unknownUser });
    await record(instance, result);
    expect(await record(instance, { ...result })).toMatchObject({ duplicate: true });
    expect(await record(instance, { ...result, text: `${TEXT.unknownUser} ` })).toMatchObject({ duplicate: false });
  });

  test('inside one batch the first of two equal items counts', async () => {
    const result = aResult();
    const outcomes = await recordDeliveryResults(instance, [result, aResult(), { ...result }], API_DOOR);
    expect(outcomes.map(({ index, duplicate }) => [index, duplicate])).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
    expect(await stateOf(instance, result.address)).toBe('ERRONEOUS 1');
  });

  test('event ids are unique per token', async () => {
    const eventId = `shared ${freshAddress()}`;
    const door = (tokenId: bigint): Door => ({ ...API_DOOR, actor: { name: `token ${tokenId}`, tokenId } });
    const first = await record(instance, aResult({ eventId }), door(1n));
    const second = await record(instance, aResult({ eventId }), door(2n));
    const repeat = await record(instance, aResult({ eventId }), door(2n));
    expect([first.duplicate, second.duplicate, repeat.duplicate]).toEqual([false, false, true]);
  });

  test('the same batch raced against itself counts once', async () => {
    const items = Array.from({ length: 20 }, () => aResult());
    const answers = await Promise.all([1, 2, 3, 4].map(() => recordDeliveryResults(instance, items, API_DOOR)));
    expect(answers.flat().filter(({ duplicate }) => !duplicate)).toHaveLength(20);
    for (const { address } of items) expect(await entriesOf(instance, address)).toMatchObject([{ errorCount: 1, version: 1 }]);
  });
});

describe('bad items', () => {
  const CASES: readonly (readonly [what: string, result: () => Promise<Parameters<typeof aResult>[0]>, field: string])[] = [
    ['an address that is none', async () => ({ address: 'no address' }), 'address'],
    ['a date 6 minutes ahead', async () => ({ occurredAt: new Date(instance.now().getTime() + 360_000) }), 'occurredAt'],
    ['no date', async () => ({ occurredAt: new Date(Number.NaN) }), 'occurredAt'],
    ['an unknown delivery', async () => ({ deliveryId: 999_999_999_999n }), 'deliveryId'],
    ['an id beyond all ids', async () => ({ deliveryId: 2n ** 70n }), 'deliveryId'],
    ['an unknown log', async () => ({ deliveryLogId: 999_999_999_999n }), 'deliveryLogId'],
    ['a short code of a mail', async () => ({ shortCode: '12345' }), 'shortCode'],
    ['an empty event id', async () => ({ eventId: ' ' }), 'eventId'],
    ['a NUL in the message id', async () => ({ messageId: 'a\0b' }), 'messageId'],
    ['STOP by mail', async () => ({ outcome: 'STOP' }), 'outcome'],
    [
      'a delivery that is not prepared',
      async () => ({ deliveryId: (await aDelivery(instance, [], { state: 'EDITION', run: 0 })).id }),
      'deliveryId',
    ],
    ['a delivery of another channel', async () => ({ deliveryId: (await aDelivery(instance, [], { channel: 'SMS' })).id }), 'channel'],
    [
      "another address's log",
      async () => ({ deliveryLogId: (await aDelivery(instance, [{ address: freshAddress() }])).logIds[0] }),
      'address',
    ],
  ];

  test.each(CASES)('%s is refused in its place and stops no other', async (_what, result, field) => {
    const good = aResult();
    const bad = aResult(await result());
    const outcomes = await recordDeliveryResults(instance, [bad, good], API_DOOR);
    expect(outcomes[0]).toMatchObject({ index: 0, accepted: false, duplicate: false, verdict: null });
    expect(outcomes[0]?.error).toBeInstanceOf(InvalidInputError);
    expect(outcomes[0]?.error?.field).toBe(field);
    expect(outcomes[1]).toMatchObject({ index: 1, accepted: true });
    expect(await stateOf(instance, good.address)).toBe('ERRONEOUS 1');
  });

  test("results for an earlier run's log are refused", async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }]);
    await instance.database.execute(sql`UPDATE delivery SET run = 2 WHERE id = ${delivery.id}`);
    const outcome = await record(instance, aResult({ address, deliveryLogId: delivery.logIds[0] }));
    expect(outcome.error).toMatchObject({ field: 'deliveryLogId', code: 'INVALID_INPUT' });
  });

  test.each(['deliveryLogId', 'deliveryId'] as const)(
    'a preparation that begins after the check and before the writing has %s refused, not taken without a log',
    async (field) => {
      const address = freshAddress();
      const { id, logIds } = await aDelivery(instance, [{ address }]);
      const again = sql`UPDATE delivery SET run = 2, state = 'TARGET_PREP_PENDING' WHERE id = ${id}`;
      const racing = before(instance, () => instance.database.execute(again));
      const [log = 0n] = logIds;
      const outcome = await record(racing, aResult({ address, [field]: field === 'deliveryId' ? id : log }));
      expect(outcome).toMatchObject({ accepted: false, error: { field, code: 'INVALID_INPUT' } });
      expect(await stateOf(instance, address)).toBe('none');
    },
  );

  test('a refused item can be sent again once it is right', async () => {
    const address = freshAddress();
    const delivery = await aDelivery(instance, [{ address }], { state: 'EDITION', run: 0 });
    const result = aResult({ address, deliveryId: delivery.id, eventId: `again ${address}` });
    expect(await record(instance, result)).toMatchObject({ accepted: false });
    await instance.database.execute(sql`UPDATE delivery SET state = 'READY', run = 1 WHERE id = ${delivery.id}`);
    expect(await record(instance, result)).toMatchObject({ accepted: true, duplicate: false });
  });

  test('NUL and halves of surrogate pairs in a text are replaced', async () => {
    const result = aResult({ text: '550 5.1.1 user unknown \0 \ud800' });
    expect(await record(instance, result)).toMatchObject({ accepted: true });
    expect((await entriesOf(instance, result.address))[0]?.errorText).toBe('550 5.1.1 user unknown \uFFFD \uFFFD');
  });

  test('what the caller could not read stays in its place', async () => {
    const outcomes = await recordDeliveryResults(instance, [aResult(), new InvalidInputError('This line is no JSON.', 'line')], API_DOOR);
    expect(outcomes.map(({ accepted }) => accepted)).toEqual([true, false]);
  });
});

describe('the cost', () => {
  test('1,000 items take as many statements as 10', async () => {
    const counts: number[] = [];
    for (const size of [10, 1000]) {
      const items = Array.from({ length: size }, (_, n) => aResult({ text: n % 2 === 0 ? TEXT.unknownUser : TEXT.mailboxFull }));
      const counted = countStatements(instance);
      await recordDeliveryResults(counted.instance, items, API_DOOR);
      counts.push(counted.statements());
    }
    expect(counts[1]).toBe(counts[0]);
    expect(counts[1]).toBeLessThanOrEqual(20);
  });

  test('a fault of the database fails the whole batch and writes nothing', async () => {
    const items = [aResult(), aResult()];
    const broken: typeof instance = {
      ...instance,
      database: {
        ...instance.database,
        transaction: (work) =>
          instance.database.transaction(async (tx) => {
            await work(tx);
            await tx.execute(sql`SELECT 1 / 0`);
            throw new Error('the division did not fail');
          }),
      },
    };
    await expect(recordDeliveryResults(broken, items, API_DOOR)).rejects.toThrow(/division by zero/);
    const [left] = await instance.database.query<{ n: bigint }>(sql`
      SELECT count(*) AS n FROM jsonb_to_recordset(${rows(items.map(({ address }) => ({ address })))}::jsonb) AS r(address text)
      WHERE EXISTS (SELECT FROM quarantine_entry e WHERE e.address = r.address)
        OR EXISTS (SELECT FROM delivery_event e WHERE e.address = r.address)
        OR EXISTS (SELECT FROM inbound_event e WHERE e.payload ->> 'address' = r.address)`);
    expect(left?.n).toBe(0n);
    expect(await recordDeliveryResults(instance, items, API_DOOR)).toMatchObject([{ duplicate: false }, { duplicate: false }]);
  });
});

/** The instance with something that happens before each of its transactions. */
function before(instance: Instance, happens: () => Promise<unknown>): Instance {
  const transaction: Instance['database']['transaction'] = async (work) => {
    await happens();
    return instance.database.transaction(work);
  };
  return { ...instance, database: { ...instance.database, transaction } };
}

/** The instance with a database that counts what it is asked. */
function countStatements(counted: Instance) {
  let count = 0;
  const counting = <T extends Pick<typeof counted.database, 'query' | 'execute'>>(queryable: T): T => ({
    ...queryable,
    query: (statement: Parameters<T['query']>[0]) => {
      count += 1;
      return queryable.query(statement);
    },
    execute: (statement: Parameters<T['execute']>[0]) => {
      count += 1;
      return queryable.execute(statement);
    },
  });
  const database = {
    ...counting(counted.database),
    transaction: <T>(work: Parameters<typeof counted.database.transaction<T>>[0]) =>
      counted.database.transaction((tx) => work(counting(tx))),
  };
  return { instance: { ...counted, database }, statements: () => count };
}
