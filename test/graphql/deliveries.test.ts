import { beforeAll, describe, expect, it, vi } from 'vitest';
import { encodeGlobalId, parseGlobalId } from '../../src/graphql/global-id.ts';
import { sql } from '../../src/store/database.ts';
import { readingSqlOf } from '../support/count-sql.ts';
import { freshDomain, freshNumber, freshWord } from '../support/fresh.ts';
import { PATIENCE } from '../support/patience.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let app: TestApp;

beforeAll(async () => {
  app = await testApp();
});

const fresh = () => `delivery-${freshWord()}`;

async function call(document: string, variables: object = {}) {
  const { data, errors } = await app.graphql(document, variables);
  expect(errors).toBeUndefined();
  return data;
}

interface Contact {
  readonly channel: string;
  readonly value: string;
}

async function aPerson(...addresses: Contact[]): Promise<string> {
  const data = await call(
    'mutation ($input: CreateProfileInput!) { createProfile(input: $input) { ... on Profile { id } ... on Error { message } } }',
    {
      input: { addresses },
    },
  );
  return data.createProfile.id;
}

const mail = (value: string): Contact => ({ channel: 'EMAIL', value });

async function quarantine(address: Contact, status = 'QUARANTINE') {
  await call('mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { __typename } }', {
    input: { channel: address.channel, address: address.value, status },
  });
}

interface Prepared {
  readonly id: string;
  readonly run: number;
  readonly written: string[];
  readonly excluded: { address: string | null; reason: string; scope: string | null }[];
  readonly counters: Record<string, number>;
  readonly exclusionCauses: { name: string; volume: number }[];
}

const SHOW = `query ($id: ID!) { node(id: $id) { ... on Delivery { id state run counters { targeted excluded toDeliver pending sent failed cancelled }
  exclusionCauses { name reason volume }
  deliveryLogs(first: 100) { edges { node { address status } } }
  exclusionLogs(first: 100) { edges { node { address reason scope text } } } } } }`;

async function prepare(id: string): Promise<Prepared> {
  await call('mutation ($id: ID!) { prepareDelivery(id: $id) { ... on Error { message } } }', { id });
  const node = await vi.waitUntil(async () => {
    const shown = (await call(SHOW, { id })).node;
    return shown.state === 'READY' ? shown : false;
  }, PATIENCE);
  const nodes = (list: { edges: { node: never }[] }) => list.edges.map(({ node: one }) => one);
  const written = nodes(node.deliveryLogs).map(({ address }: { address: string }) => address);
  return { ...node, written: written.sort(), excluded: nodes(node.exclusionLogs) };
}

async function deliver(channel: string, profileIds: string[]): Promise<Prepared> {
  const data = await call(
    'mutation ($input: CreateDeliveryInput!) { createDelivery(input: $input) { ... on Delivery { id state } ... on Error { message } } }',
    {
      input: { label: fresh(), channel, profileIds },
    },
  );
  expect(data.createDelivery.state).toBe('EDITION');
  return prepare(data.createDelivery.id);
}

describe('whom a delivery reaches', () => {
  it('R1 and R21: an opt-out of everything shuts every channel, one of a channel only that one', async () => {
    const [a, b] = [mail(`${fresh()}@example.com`), mail(`${fresh()}@example.com`)];
    const sms = () => ({ channel: 'SMS', value: freshNumber() });
    const all = await aPerson(a, sms());
    const one = await aPerson(b, sms());
    await call('mutation ($id: ID!) { optOut(input: { profileId: $id }) { __typename } }', { id: all });
    await call('mutation ($id: ID!) { optOut(input: { profileId: $id, channels: [EMAIL] }) { __typename } }', { id: one });
    const byMail = await deliver('EMAIL', [all, one]);
    expect(byMail.written).toEqual([]);
    expect(byMail.excluded.map(({ reason, scope }) => [reason, scope])).toEqual(Array(2).fill(['DENYLISTED', 'PROFILE']));
    expect((await deliver('SMS', [all, one])).written).toHaveLength(1);
  });

  it('R8: of two profiles of one person, the one that has not opted out is still written to', async () => {
    const address = mail(`${fresh()}@example.com`);
    const [out, still] = [await aPerson(address), await aPerson(address)];
    await call('mutation ($id: ID!) { optOut(input: { profileId: $id }) { __typename } }', { id: out });
    expect((await deliver('EMAIL', [out, still])).written).toEqual([address.value]);
  });

  it('R9 and R19: an address entered by hand excludes every profile that holds it', async () => {
    const address = { channel: 'SMS', value: freshNumber() };
    const people = [await aPerson(address), await aPerson(address)];
    await quarantine(address);
    const delivery = await deliver('SMS', people);
    expect(delivery.written).toEqual([]);
    expect(delivery.excluded.map(({ reason, scope }) => [reason, scope])).toEqual(Array(2).fill(['QUARANTINED', 'ADDRESS']));
  });

  it('R18: a profile with a quarantined address that enters a new one is written to again', async () => {
    const [old, next] = [mail(`${fresh()}@example.com`), mail(`${fresh()}@example.com`)];
    const id = await aPerson(old);
    await quarantine(old);
    expect((await deliver('EMAIL', [id])).written).toEqual([]);
    await call('mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }', {
      input: { id, addresses: [next] },
    });
    expect((await deliver('EMAIL', [id])).written).toEqual([next.value]);
  });

  it('a delivery that was never prepared shows every cause, with volume 0', async () => {
    const data = await call(
      `mutation ($input: CreateDeliveryInput!) { createDelivery(input: $input) { ... on Delivery { run exclusionCauses { name volume } } } }`,
      { input: { label: fresh(), channel: 'EMAIL' } },
    );
    expect(data.createDelivery.run).toBe(0);
    expect(data.createDelivery.exclusionCauses).toContainEqual({ name: 'Quarantine', volume: 0 });
    expect(data.createDelivery.exclusionCauses.filter(({ volume }: { volume: number }) => volume !== 0)).toEqual([]);
  });

  it('the answers of mayContact count into the cost of what is asked below them', async () => {
    const ask = (first: number, of: number) =>
      app.graphql(
        `query ($input: [ContactCheckInput!]!) { mayContact(input: $input) { allowed blocks { quarantineEntry {
          history(first: ${first}) { edges { node { id } } } } } } }`,
        { input: Array.from({ length: of }, () => ({ channel: 'EMAIL', address: 'cost@example.com' })) },
      );
    expect((await ask(100, 10)).errors).toBeUndefined();
    expect((await ask(100, 10_000)).errors).toMatchObject([{ extensions: { code: 'TOO_COMPLEX' } }]);
  });

  it('R20 and R22: both addresses of a profile that opted out are in the exclusion logs, with volumes that add up', async () => {
    const id = await aPerson(mail(`${fresh()}@example.com`), mail(`${fresh()}@example.com`));
    await call('mutation ($id: ID!) { optOut(input: { profileId: $id, channels: [EMAIL] }) { __typename } }', { id });
    const delivery = await deliver('EMAIL', [id]);
    expect(delivery.excluded.map(({ reason }) => reason)).toEqual(['DENYLISTED', 'DENYLISTED']);
    expect(delivery.counters).toMatchObject({ targeted: 2, excluded: 2, toDeliver: 0 });
    expect(delivery.exclusionCauses.reduce((sum, { volume }) => sum + volume, 0)).toBe(2);
    expect(delivery.exclusionCauses.some(({ volume }) => volume === 0)).toBe(true);
    const data = await call(
      'query ($id: ID!) { exclusionLogs(filter: { profileId: $id, scope: [PROFILE] }) { edges { node { text } } } }',
      { id },
    );
    expect(data.exclusionLogs.edges).toHaveLength(2);
  });
});

describe('a new run', () => {
  it('shows its own logs and hides those of the run before, also by their ids', async () => {
    const [a, b] = [mail(`${fresh()}@example.com`), mail(`${fresh()}@example.com`)];
    const first = await deliver('EMAIL', [await aPerson(a), await aPerson(b)]);
    const { database } = app.instance;
    const key = parseGlobalId(first.id)?.id ?? 0n;
    const [old] = await database.query<{ id: bigint }>(sql`SELECT id FROM delivery_log WHERE delivery_id = ${key} LIMIT 1`);
    await quarantine(a);
    const second = await prepare(first.id);
    expect([second.run, second.written, second.excluded.length]).toEqual([2, [b.value], 1]);
    const logs = await call('query ($id: ID!) { deliveryLogs(filter: { deliveryId: $id }) { edges { node { address } } } }', {
      id: first.id,
    });
    expect(logs.deliveryLogs.edges).toEqual([{ node: { address: b.value } }]);
    const node = await call('query ($id: ID!) { node(id: $id) { id } }', { id: encodeGlobalId('DeliveryLog', old?.id ?? 0n) });
    expect(node.node).toBeNull();
  });
});

describe('the logs', () => {
  it('with profile and qualification cost 2 statements at any page size', async () => {
    const people = await Promise.all(Array.from({ length: 30 }, () => aPerson(mail(`${fresh()}@example.com`))));
    const delivery = await deliver('EMAIL', people);
    const list = (first: number) => `{ deliveryLogs(filter: { deliveryId: "${delivery.id}" }, first: ${first}) {
      edges { node { address status profile { externalId firstName } qualification { text type } delivery { label } } } } }`;
    for (const first of [1, 30]) {
      const statements = await readingSqlOf(async () => {
        const data = await call(list(first));
        expect(data.deliveryLogs.edges).toHaveLength(first);
      });
      expect(statements).toHaveLength(2);
    }
  });

  it('of several deliveries cost as many statements as those of one', async () => {
    for (let index = 0; index < 3; index += 1) await deliver('EMAIL', [await aPerson(mail(`${fresh()}@example.com`))]);
    const list = (first: number) => `{ deliveries(first: ${first}) { edges { node { counters { sent } exclusionCauses { volume }
      deliveryLogs(first: 3) { edges { node { address } } } exclusionLogs(first: 3) { edges { node { address } } } } } } }`;
    const one = await readingSqlOf(() => call(list(1)));
    const three = await readingSqlOf(() => call(list(3)));
    expect(three.filter((text) => !text.includes('exclusion_log')).length).toBe(
      one.filter((text) => !text.includes('exclusion_log')).length,
    );
    expect(three.length).toBeLessThanOrEqual(8);
  });

  it('are found by address, domain, status and time', async () => {
    const domain = freshDomain();
    const [a, b] = [mail(`ann@${domain}`), mail(`bob@${domain}`)];
    await deliver('EMAIL', [await aPerson(a), await aPerson(b)]);
    const find = async (filter: object) => {
      const data = await call('query ($filter: DeliveryLogFilter) { deliveryLogs(filter: $filter) { edges { node { address } } } }', {
        filter,
      });
      return data.deliveryLogs.edges.map(({ node }: { node: { address: string } }) => node.address).sort();
    };
    expect(await find({ domain: [domain] })).toEqual([a.value, b.value]);
    expect(await find({ domain: [domain], status: ['PENDING'] })).toEqual([a.value, b.value]);
    expect(await find({ domain: [domain], status: ['FAILED', 'SENT'] })).toEqual([]);
    expect(await find({ address: { eq: `ANN@${domain}` } })).toEqual([a.value]);
    expect(await find({ domain: [domain], address: { startsWith: 'Bob' } })).toEqual([b.value]);
    expect(await find({ domain: [domain], channel: ['SMS'] })).toEqual([]);
    expect(await find({ domain: [domain], updatedAt: { from: '2030-01-01T00:00:00Z' } })).toEqual([]);
  });

  it('beyond 30 days need a condition that an index answers', async () => {
    const { database, now } = app.instance;
    const delivery = await deliver('EMAIL', [await aPerson(mail(`${fresh()}@example.com`))]);
    const find = (filter: string) => app.graphql(`{ deliveryLogs(filter: ${filter}, first: 1) { edges { node { address } } } }`);
    const backdate = (days: number) =>
      database.execute(sql`
      UPDATE delivery_log SET created_at = ${new Date(now().getTime() - days * 86_400_000)} WHERE id = (SELECT min(id) FROM delivery_log)`);
    await backdate(31);
    const { errors } = await find('{ fault: [SENDER] }');
    expect(errors?.[0]).toMatchObject({ message: expect.stringContaining('Beyond 30 days'), extensions: { code: 'BAD_USER_INPUT' } });
    for (const filter of [
      '{}',
      `{ deliveryId: "${delivery.id}", fault: [SENDER] }`,
      '{ domain: ["a.b"], fault: [SENDER] }',
      '{ failureReason: [REFUSED] }',
    ]) {
      expect((await find(filter)).errors).toBeUndefined();
    }
    await backdate(1);
    expect((await find('{ fault: [SENDER] }')).errors).toBeUndefined();
  });
});

describe('the list of deliveries', () => {
  it('is filtered by label, channel, state and time', async () => {
    const label = `100%_${fresh()}`;
    for (const [name, channel] of [
      [label, 'EMAIL'],
      [label.replace('%_', 'xx'), 'SMS'],
    ]) {
      await call('mutation ($input: CreateDeliveryInput!) { createDelivery(input: $input) { __typename } }', {
        input: { label: name, channel },
      });
    }
    const find = async (filter: object) => {
      const data = await call('query ($filter: DeliveryFilter) { deliveries(filter: $filter) { edges { node { label } } } }', { filter });
      return data.deliveries.edges.map(({ node }: { node: { label: string } }) => node.label);
    };
    expect(await find({ label: { startsWith: label } })).toEqual([label]);
    expect(await find({ label: { contains: '%_' }, state: ['EDITION'], channel: ['EMAIL'] })).toEqual([label]);
    expect(await find({ label: { eq: label }, state: ['READY'] })).toEqual([]);
    expect(await find({ label: { eq: label }, createdAt: { from: app.clock.now().toISOString() } })).toEqual([label]);
  });
});
