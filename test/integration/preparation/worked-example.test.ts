import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AddressCase } from '../../../src/domain/address/canonical-address.ts';
import { deliveryCounters } from '../../../src/operations/delivery-counters.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { sql } from '../../../src/store/database.ts';
import { freshDatabase } from '../../support/test-database.ts';
import { testInstance } from '../../support/test-instance.ts';
import { causes, deliveryState, insertEntry, insertPeople, type Outcome, outcomes, type Person, prepared } from './people.ts';

// Spec 7.9 without kim (control group) and mia (global list).
const PEOPLE: Record<string, Person> = {
  alice: { emails: ['alice@x.com'] },
  bob: {},
  carol: { emails: ['carol@x.com'], optedOut: 'email' },
  dave: { emails: ['dave@x.com'] },
  erin: { emails: ['erin@x.com'] },
  frank: { emails: ['frank@x.com'] },
  grace: { emails: ['alice@x.com'] },
  heidi: { emails: ['heidi@x.com'], optedOut: 'email' },
  ivan: { emails: ['Ivan@x.com'] },
  judy: { optedOut: 'all' },
  leo: { emails: ['leo@x.com'] },
};

const EXPECTED: Record<string, { outcome: string; scope: string | null }> = {
  alice: { outcome: 'send', scope: null },
  bob: { outcome: 'ADDRESS_UNDEFINED', scope: null },
  carol: { outcome: 'DENYLISTED', scope: 'PROFILE' },
  dave: { outcome: 'QUARANTINED', scope: 'ADDRESS' },
  erin: { outcome: 'send', scope: null },
  frank: { outcome: 'DENYLISTED', scope: 'ADDRESS' },
  grace: { outcome: 'DUPLICATE', scope: null },
  heidi: { outcome: 'DENYLISTED', scope: 'PROFILE' },
  judy: { outcome: 'ADDRESS_UNDEFINED', scope: null },
  leo: { outcome: 'send', scope: null },
};

const CASES: { addressCase: AddressCase; ivan: string; toDeliver: number; quarantine: number }[] = [
  { addressCase: 'canonical', ivan: 'QUARANTINED', toDeliver: 3, quarantine: 2 },
  { addressCase: 'exact', ivan: 'send', toDeliver: 4, quarantine: 1 },
];

describe.each(CASES)(
  'the worked example of the specification, ADDRESS_CASE=$addressCase',
  ({ addressCase, ivan, toDeliver, quarantine }) => {
    let instance: Instance;
    let deliveryId: bigint;
    let found: Map<string, Outcome>;
    let listBefore: object[];
    const list = () => instance.database.query(sql`SELECT * FROM quarantine_entry ORDER BY id`);

    beforeAll(async () => {
      instance = await testInstance(await freshDatabase(), { addressCase });
      const names = Object.keys(PEOPLE);
      const ids = await insertPeople(instance, Object.values(PEOPLE));
      await insertEntry(instance, 'dave@x.com', 'QUARANTINE');
      await insertEntry(instance, 'erin@x.com', 'ERRONEOUS', { errorCount: 3 });
      await insertEntry(instance, 'frank@x.com', 'DENYLISTED');
      await insertEntry(instance, 'heidi@x.com', 'QUARANTINE');
      await insertEntry(instance, 'ivan@x.com', 'QUARANTINE');
      await insertEntry(instance, 'leo@x.com', 'ALLOWLISTED');
      listBefore = await list();
      deliveryId = await prepared(instance, { profileIds: ids });
      const byProfile = new Map((await outcomes(instance, deliveryId)).map((outcome) => [outcome.profileId, outcome]));
      found = new Map(
        names.flatMap((name, place) => {
          const outcome = byProfile.get(ids[place] ?? -1n);
          return outcome === undefined ? [] : [[name, outcome] as const];
        }),
      );
    });
    afterAll(() => instance.database.close());

    test.each(Object.entries(EXPECTED))('%s', (name, expected) => {
      expect(found.get(name)).toMatchObject(expected);
    });

    test('ivan', () => {
      expect(found.get('ivan')?.outcome).toBe(ivan);
    });

    test('each recipient has exactly one row', async () => {
      expect(await outcomes(instance, deliveryId)).toHaveLength(11);
      expect(found.size).toBe(11);
    });

    test('the counters', async () => {
      const counters = (await deliveryCounters(instance, [deliveryId])).get(deliveryId);
      expect(counters).toMatchObject({
        targeted: 11,
        excluded: 11 - toDeliver,
        toDeliver,
        pending: toDeliver,
        sent: 0,
        failed: 0,
        cancelled: 0,
      });
      expect(await deliveryState(instance, deliveryId)).toBe('READY');
    });

    test('the causes, also those with volume 0, add up to the excluded', async () => {
      expect(await causes(instance, deliveryId)).toEqual({
        AddressUndefined: 2,
        Blacklisted: 3,
        Quarantine: quarantine,
        domainExclusions: 0,
        addressExclusions: 0,
        Duplicate: 1,
        TargetLimited: 0,
        ControlGroup: 0,
      });
    });

    test('the quarantine list is unchanged (PRE-5)', async () => {
      expect(await list()).toEqual(listBefore);
    });
  },
);
