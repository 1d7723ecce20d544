/** The life of addresses as a client of the API sees it, on a database and a clock of the test file's own. */
import { expect, vi } from 'vitest';
import type { Channel } from '../../../src/domain/vocabulary.ts';
import { aSecondPasses } from '../../support/a-second-passes.ts';
import { PATIENCE } from '../../support/patience.ts';
import { openTestApp, type TestApp } from '../../support/test-app.ts';
import { freshDatabase } from '../../support/test-database.ts';

const RECORD = `mutation ($input: [DeliveryResultInput!]!) { recordDeliveryResults(input: $input) { results {
  accepted duplicate addressStatus error { message field } verdict { type reason fault decidedBy normalizedText md5 } } } }`;
const ENTRIES = `query ($filter: QuarantineFilter) { quarantine(filter: $filter, first: 100) { edges { node {
  id address channel shortCode status reason errorText errorCount lastErrorAt lastSignificantErrorAt source statusUpdatedAt version
  lastDelivery { id } } } } }`;
const HISTORY = `query ($channel: Channel!, $address: String!) { quarantineHistory(channel: $channel, address: $address, first: 100) { edges { node {
  previousStatus status reason fault decidedBy errorCount text source actor version occurredAt } } } }`;
const CONTACT = `query ($input: [ContactCheckInput!]!) { mayContact(input: $input) { allowed blocks {
  reason scope text since until remedy profile { id } quarantineEntry { id status reason errorText } } } }`;
const DELIVERY = `query ($id: ID!) { node(id: $id) { ... on Delivery { id state counters { targeted excluded toDeliver pending sent failed cancelled newQuarantines }
  deliveryLogs(first: 100) { edges { node { id address status failureType failureReason rawText attempts nextAttemptAt quarantined } } }
  exclusionLogs(first: 100) { edges { node { address status: reason scope text profile { id } } } } } } }`;

export interface ApiResult {
  readonly address: string;
  /** Instant; the clock of the app is set to it unless it is there already. */
  readonly at: string;
  readonly channel?: Channel;
  readonly outcome?: string;
  readonly text?: string;
  readonly [field: string]: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are read by the test that knows their shape
type Answer = any;

export interface LifeApp {
  readonly app: TestApp;
  /** Asks as the administrator; an error of the API is a failure of the test. */
  call(document: string, variables?: object): Promise<Answer>;
  /** Tells results, each at the time at which it happened. @returns what was answered to each */
  happens(...results: ApiResult[]): Promise<Answer[]>;
  entriesOf(filter: object): Promise<Answer[]>;
  /** Null = the address is not on the list. */
  entryOf(address: string): Promise<Answer | null>;
  /** `QUARANTINE 5`, or `none`. */
  stateOf(address: string): Promise<string>;
  /** Oldest first. */
  historyOf(address: string, channel?: Channel): Promise<Answer[]>;
  contact(check: object): Promise<Answer>;
  isAllowed(address: string, channel?: Channel): Promise<boolean>;
  /** Runs the nightly cleanup at that time. @returns the tasks of its report */
  cleanUp(at: string): Promise<Answer[]>;
  set(key: string, value: unknown): Promise<void>;
  createEntry(input: object): Promise<Answer>;
  updateEntry(input: object): Promise<Answer>;
  profile(...addresses: { channel: Channel; value: string }[]): Promise<string>;
  /** Creates and prepares a delivery. */
  deliver(input: object): Promise<Answer>;
  deliveryOf(id: string): Promise<Answer>;
  start(id: string): Promise<void>;
  close(): Promise<void>;
}

export async function openLifeApp(start = '2025-03-01T00:00:00Z', env: Record<string, string> = {}): Promise<LifeApp> {
  const database = await freshDatabase();
  const app = await openTestApp(database, { env });
  app.clock.set(start);
  const call: LifeApp['call'] = async (document, variables = {}) => {
    const { data, errors } = await app.graphql(document, variables);
    expect(errors).toBeUndefined();
    return data;
  };
  const nodes = (connection: { edges: { node: Answer }[] }): Answer[] => connection.edges.map(({ node }) => node);
  const entriesOf: LifeApp['entriesOf'] = async (filter) => nodes((await call(ENTRIES, { filter })).quarantine);
  const entryOf = async (address: string) => (await entriesOf({ address: { eq: address } }))[0] ?? null;
  const contact = async (check: object) => (await call(CONTACT, { input: [{ channel: 'EMAIL', ...check }] })).mayContact[0];
  const deliveryOf = async (id: string) => {
    const { node } = await call(DELIVERY, { id });
    return { ...node, logs: nodes(node.deliveryLogs), excluded: nodes(node.exclusionLogs) };
  };
  const tell = async ({ at, ...result }: ApiResult) => {
    app.clock.set(at);
    const input = [{ channel: 'EMAIL', outcome: 'FAILED', occurredAt: at, ...result }];
    const [answer] = (await call(RECORD, { input })).recordDeliveryResults.results;
    expect(answer).toMatchObject({ accepted: true, error: null });
    return answer;
  };
  return {
    app,
    call,
    entriesOf,
    entryOf,
    contact,
    deliveryOf,
    happens: async (...results) => {
      const answers: Answer[] = [];
      for (const result of results) answers.push(await tell(result));
      return answers;
    },
    stateOf: async (address) => {
      const entry = await entryOf(address);
      return entry === null ? 'none' : `${entry.status} ${entry.errorCount}`;
    },
    historyOf: async (address, channel = 'EMAIL') => nodes((await call(HISTORY, { channel, address })).quarantineHistory).reverse(),
    isAllowed: async (address, channel = 'EMAIL') => (await contact({ address, channel })).allowed,
    cleanUp: async (at) => {
      app.clock.set(at);
      return (await call('mutation { runCleanup { tasks { name rows error } } }')).runCleanup.tasks;
    },
    set: async (key, value) => {
      const update = 'mutation ($input: UpdateSettingInput!) { updateSetting(input: $input) { __typename ... on Error { message } } }';
      expect((await call(update, { input: { key, value: JSON.stringify(value) } })).updateSetting).toEqual({ __typename: 'Setting' });
      aSecondPasses();
    },
    createEntry: async (input) => {
      const create = `mutation ($input: CreateQuarantineEntryInput!) { createQuarantineEntry(input: $input) {
        __typename ... on QuarantineEntry { id address channel status reason source } ... on Error { message } } }`;
      return (await call(create, { input: { channel: 'EMAIL', ...input } })).createQuarantineEntry;
    },
    updateEntry: async (input) => {
      const update = `mutation ($input: UpdateQuarantineEntryInput!) { updateQuarantineEntry(input: $input) {
        __typename ... on QuarantineEntry { status errorCount } ... on Error { message } } }`;
      return (await call(update, { input })).updateQuarantineEntry;
    },
    profile: async (...addresses) => {
      const create = 'mutation ($input: CreateProfileInput!) { createProfile(input: $input) { ... on Profile { id } } }';
      return (await call(create, { input: { addresses } })).createProfile.id;
    },
    deliver: async (input) => {
      const create =
        'mutation ($input: CreateDeliveryInput!) { createDelivery(input: $input) { ... on Delivery { id } ... on Error { message } } }';
      const { id } = (await call(create, { input: { label: 'Life', channel: 'EMAIL', ...input } })).createDelivery;
      await call('mutation ($id: ID!) { prepareDelivery(id: $id) { ... on Error { message } } }', { id });
      return vi.waitUntil(async () => {
        const delivery = await deliveryOf(id);
        return delivery.state === 'READY' ? delivery : false;
      }, PATIENCE);
    },
    start: async (id) => {
      const { startDelivery } = await call(
        'mutation ($id: ID!) { startDelivery(id: $id) { ... on Delivery { state } ... on Error { message } } }',
        { id },
      );
      expect(startDelivery).toEqual({ state: 'STARTED' });
    },
    close: async () => {
      await app.close();
      await database.close();
    },
  };
}
