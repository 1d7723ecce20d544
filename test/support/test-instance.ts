import { pino } from 'pino';
import type { AddressCase } from '../../src/domain/address/canonical-address.ts';
import type { Instance } from '../../src/operations/instance.ts';
import { openInstance } from '../../src/operations/open-instance.ts';
import type { Database } from '../../src/store/database.ts';
import { guardedInstance } from './guarded-database.ts';

/** An instance on a test's database whose time stands still at 12 May 2026, 10:00 UTC, unless the test says otherwise. */
export async function testInstance(
  database: Database,
  options: { addressCase?: AddressCase; node?: string; now?: () => Date } = {},
): Promise<Instance> {
  const instance = await openInstance({
    database,
    addressCase: options.addressCase ?? 'canonical',
    log: pino({ level: 'silent' }),
    now: options.now ?? (() => new Date('2026-05-12T10:00:00.000Z')),
    ...(options.node === undefined ? {} : { node: options.node }),
  });
  return guardedInstance(instance);
}
