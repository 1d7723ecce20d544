import { beforeAll, describe, expect, test, vi } from 'vitest';
import { freshWord } from '../support/fresh.ts';
import { PATIENCE } from '../support/patience.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are read by the test that knows their shape
async function call(document: string, variables: object = {}): Promise<any> {
  const { data, errors } = await app.graphql(document, variables);
  expect(errors).toBeUndefined();
  return data;
}

const unique = freshWord();
const at = (name: string) => `${name}@${unique}.example`;

interface Person {
  readonly emails?: readonly string[];
  readonly phones?: readonly string[];
  /** null = of everything */
  readonly optOut?: readonly string[] | null;
}

async function person({ emails = [], phones = [], optOut }: Person): Promise<string> {
  const addresses = [...emails.map((value) => ({ channel: 'EMAIL', value })), ...phones.map((value) => ({ channel: 'SMS', value }))];
  const { createProfile } = await call(
    'mutation ($input: CreateProfileInput!) { createProfile(input: $input) { ... on Profile { id } } }',
    {
      input: { addresses },
    },
  );
  if (optOut !== undefined) {
    await call('mutation ($input: ConsentInput!) { optOut(input: $input) { ... on Profile { id } } }', {
      input: { profileId: createProfile.id, channels: optOut },
    });
  }
  return createProfile.id;
}

async function entry(address: string, status: string, more: object = {}): Promise<string> {
  const { createQuarantineEntry } = await call(
    'mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) { ... on QuarantineEntry { id } } }',
    { input: { channel: 'EMAIL', address, status, ...more } },
  );
  return createQuarantineEntry.id;
}

const ACTIONS = ['prepareDelivery', 'startDelivery', 'pauseDelivery', 'resumeDelivery', 'stopDelivery'] as const;
async function act(action: (typeof ACTIONS)[number], id: string) {
  const data = await call(
    `mutation ($id: ID!) { ${action}(id: $id) { __typename ... on Delivery { id state } ... on Error { message code } } }`,
    { id },
  );
  return data[action];
}

async function create(input: object): Promise<string> {
  const { createDelivery } = await call(
    'mutation ($input: CreateDeliveryInput!) { createDelivery(input: $input) { ... on Delivery { id } ... on Error { message code } } }',
    { input: { label: 'Preparation', channel: 'EMAIL', ...input } },
  );
  return createDelivery.id;
}

const SHOW = `query ($id: ID!) { node(id: $id) { ... on Delivery {
  state run counters { targeted excluded toDeliver pending sent failed cancelled } exclusionCauses { name reason volume }
  deliveryLogs(first: 100) { edges { node { address status profile { id } } } }
  exclusionLogs(first: 100) { edges { node { address reason scope text profile { id } } } } } } }`;

const untilReady = (id: string) => vi.waitUntil(async () => (await call(SHOW, { id })).node.state === 'READY', PATIENCE);

async function prepared(input: object) {
  const id = await create(input);
  await act('prepareDelivery', id);
  await untilReady(id);
  return { id, ...(await call(SHOW, { id })).node };
}

/** Reason, or `send`, of each recipient of a profile. */
function outcomesOf(delivery: Awaited<ReturnType<typeof prepared>>, profileId: string | undefined): string[] {
  const of = (edges: { node: { profile: { id: string }; reason?: string } }[]) =>
    edges.filter(({ node }) => node.profile.id === profileId).map(({ node }) => node.reason ?? 'send');
  return [...of(delivery.deliveryLogs.edges), ...of(delivery.exclusionLogs.edges)];
}

describe('the worked example 7.9 over the API', () => {
  const PEOPLE: Record<string, Person> = {
    alice: { emails: [at('alice')] },
    bob: {},
    carol: { emails: [at('carol')], optOut: ['EMAIL'] },
    dave: { emails: [at('dave')] },
    erin: { emails: [at('erin')] },
    frank: { emails: [at('frank')] },
    grace: { emails: [at('alice')] },
    heidi: { emails: [at('heidi')], optOut: ['EMAIL'] },
    ivan: { emails: [at('Ivan')] },
    judy: { optOut: null },
    leo: { emails: [at('leo')] },
  };
  const ids = new Map<string, string>();
  let delivery: Awaited<ReturnType<typeof prepared>>;

  beforeAll(async () => {
    for (const [name, data] of Object.entries(PEOPLE)) ids.set(name, await person(data));
    await entry(at('dave'), 'QUARANTINE');
    await entry(at('erin'), 'ERRONEOUS', { errorCount: 3 });
    await entry(at('frank'), 'DENYLISTED');
    await entry(at('heidi'), 'QUARANTINE');
    await entry(at('ivan'), 'QUARANTINE');
    await entry(at('leo'), 'ALLOWLISTED');
    delivery = await prepared({ profileIds: [...ids.values()] });
  });

  test.each([
    ['alice', 'send'],
    ['bob', 'ADDRESS_UNDEFINED'],
    ['carol', 'DENYLISTED'],
    ['dave', 'QUARANTINED'],
    ['erin', 'send'],
    ['frank', 'DENYLISTED'],
    ['grace', 'DUPLICATE'],
    ['heidi', 'DENYLISTED'],
    ['ivan', 'QUARANTINED'],
    ['judy', 'ADDRESS_UNDEFINED'],
    ['leo', 'send'],
  ])('%s: %s', (name, outcome) => {
    expect(outcomesOf(delivery, ids.get(name))).toEqual([outcome]);
  });

  test('counters and causes add up', () => {
    expect(delivery.counters).toEqual({ targeted: 11, excluded: 8, toDeliver: 3, pending: 3, sent: 0, failed: 0, cancelled: 0 });
    const volumes = Object.fromEntries(
      delivery.exclusionCauses.map(({ name, volume }: { name: string; volume: number }) => [name, volume]),
    );
    expect(volumes).toEqual({
      AddressUndefined: 2,
      Blacklisted: 3,
      Quarantine: 2,
      domainExclusions: 0,
      addressExclusions: 0,
      Duplicate: 1,
      TargetLimited: 0,
      ControlGroup: 0,
    });
  });
});

test('R4: a profile that opted out has an exclusion row with reason, scope and text', async () => {
  const id = await person({ emails: [at('r4')], optOut: null });
  const delivery = await prepared({ profileIds: [id] });
  expect(delivery.exclusionLogs.edges[0].node).toMatchObject({
    address: at('r4'),
    reason: 'DENYLISTED',
    scope: 'PROFILE',
    text: 'The recipient no longer wants to be contacted.',
  });
});

test('R7: an opt-out excludes every address of the profile', async () => {
  const id = await person({ emails: [at('r7a'), at('r7b')], optOut: ['EMAIL'] });
  expect(outcomesOf(await prepared({ profileIds: [id] }), id)).toEqual(['DENYLISTED', 'DENYLISTED']);
});

test('R13, R30: a quarantined address is listed in the delivery before it is confirmed, with reason 9', async () => {
  const id = await person({ emails: [at('r13')] });
  await entry(at('r13'), 'QUARANTINE');
  const delivery = await prepared({ profileIds: [id] });
  expect(delivery.state).toBe('READY');
  expect(delivery.exclusionLogs.edges[0].node).toMatchObject({ address: at('r13'), reason: 'QUARANTINED', scope: 'ADDRESS' });
});

test('a delivery is started, paused, resumed and stopped, and says why it refuses anything else', async () => {
  const id = await create({ profileIds: [await person({ emails: [at('actions')] })] });
  expect(await act('startDelivery', id)).toEqual({
    __typename: 'InvalidStateError',
    code: 'INVALID_STATE',
    message: 'A delivery can be started in the state READY; this one is EDITION.',
  });
  await act('prepareDelivery', id);
  await untilReady(id);
  expect((await act('startDelivery', id)).state).toBe('STARTED');
  expect((await act('pauseDelivery', id)).state).toBe('PAUSED');
  expect((await act('resumeDelivery', id)).state).toBe('STARTED');
  expect((await act('stopDelivery', id)).state).toBe('STOPPED');
  expect((await call(SHOW, { id })).node.counters).toMatchObject({ toDeliver: 1, pending: 0, cancelled: 1 });
});

const CONTACT = `query ($input: [ContactCheckInput!]!) { mayContact(input: $input) {
  address allowed blocks { reason scope text since until remedy profile { id } quarantineEntry { id } } } }`;

test('mayContact tells every gate with its evidence, the one that preparation logs first', async () => {
  const id = await person({ emails: [at('gates')], optOut: ['EMAIL'] });
  const entryId = await entry(at('gates'), 'QUARANTINE');
  const { mayContact } = await call(CONTACT, {
    input: [
      { channel: 'EMAIL', address: at('GATES'), profileId: id },
      { channel: 'EMAIL', address: at('nobody') },
    ],
  });
  expect(mayContact[0]).toMatchObject({
    address: at('GATES'),
    allowed: false,
    blocks: [
      { reason: 'DENYLISTED', scope: 'PROFILE', since: app.clock.now().toISOString(), profile: { id }, quarantineEntry: null },
      { reason: 'QUARANTINED', scope: 'ADDRESS', profile: null, quarantineEntry: { id: entryId } },
    ],
  });
  expect(mayContact[1]).toEqual({ address: at('nobody'), allowed: true, blocks: [] });
});

test('mayContact refuses the whole question for one bad item', async () => {
  const { data, errors } = await app.graphql(CONTACT, {
    input: [
      { channel: 'EMAIL', address: at('fine') },
      { channel: 'EMAIL', address: 'no address' },
    ],
  });
  expect(data?.mayContact ?? null).toBeNull();
  expect(errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
});
