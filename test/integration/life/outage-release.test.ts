import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConflictError, InvalidInputError, InvalidStateError, NotFoundError } from '../../../src/domain/errors.ts';
import { CHANNELS } from '../../../src/domain/vocabulary.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import { deleteQuarantineEntry } from '../../../src/operations/delete-quarantine-entry.ts';
import { type ReleaseQuarantineInput, releaseQuarantine, releaseSlice } from '../../../src/operations/release-quarantine.ts';
import { resumeReleases } from '../../../src/operations/resume-releases.ts';
import { runCleanup, SCHEDULED_CLEANUP } from '../../../src/operations/run-cleanup.ts';
import { releaseName, runRelease } from '../../../src/operations/run-release.ts';
import { undoRelease, undoReleaseSlice } from '../../../src/operations/undo-release.ts';
import { sql } from '../../../src/store/database.ts';
import type { QuarantineFilter } from '../../../src/store/filters/quarantine-filter.ts';
import { sampledEntries } from '../../../src/store/quarantine-release.ts';
import { entryOf, isTargetable, type Life, ledgerOf, OPERATOR, openLife, putEntries, putEntry, releaseOf, stateOf } from './life.ts';

let life: Life;
const instance = () => life.instance;

beforeAll(async () => {
  life = await openLife();
});
afterAll(() => life.close());

const release = (input: Partial<ReleaseQuarantineInput> & Pick<ReleaseQuarantineInput, 'filter'>, options = {}) =>
  releaseQuarantine(instance(), { mode: 'SET_VALID', dryRun: false, ...input }, OPERATOR, options);

let made = 0;
/** A domain that no other test has. */
const freshDomain = () => {
  made += 1;
  return `outage-${made}.example`;
};

const GMAIL =
  '550-5.1.1 The email account that you tried to reach does not exist. Learn more at https://support.google.com/mail/?p=NoSuchUser';
const WINDOW = { from: new Date('2020-12-14T06:55:00-05:00'), to: new Date('2020-12-16T06:00:00-05:00') };
const FRAGMENTS = ['550-5.1.1', 'support.google.com'];

describe('a release after an outage (7.7)', () => {
  const rows = [
    ['modified within the window', { statusUpdatedAt: new Date('2020-12-15T14:00:00-05:00') }, true],
    ['modified at its first second (R62)', { statusUpdatedAt: new Date('2020-12-14T06:55:00-05:00') }, true],
    ['modified a second before it', { statusUpdatedAt: new Date('2020-12-14T06:54:59-05:00') }, false],
    ['modified at its last second (R63)', { statusUpdatedAt: new Date('2020-12-16T06:00:00-05:00') }, true],
    ['modified a second after it', { statusUpdatedAt: new Date('2020-12-16T06:00:01-05:00') }, false],
    ['the same text, but DENYLISTED', { status: 'DENYLISTED' }, false],
    ['without the hyphenated form', { errorText: '550 5.1.1 no such user, see support.google.com' }, false],
    ['with one of the two texts only (R60)', { errorText: '550-5.1.1 no such user' }, false],
    ['in another case', { errorText: '550-5.1.1 SUPPORT.GOOGLE.COM' }, false],
    ['a percent sign is no wildcard', { errorText: '550%5.1.1 support_google.com' }, false],
    ['VALID already', { status: 'VALID' }, false],
  ] as const;

  test.each(rows)('%s: %j -> released: %s', async (name, given, matches) => {
    const address = `${name.replaceAll(/\W+/g, '-').toLowerCase()}@${freshDomain()}`;
    const domain = [address.split('@')[1] ?? ''];
    await putEntry(instance(), { address, errorText: GMAIL, statusUpdatedAt: new Date('2020-12-15T19:00:00Z'), ...given });
    const before = await stateOf(instance(), address);
    const filter = { domain, errorTextContains: FRAGMENTS, statusUpdatedAt: WINDOW };
    const dryRun = await releaseOf(instance(), await release({ filter, dryRun: true }));
    expect(dryRun).toMatchObject({ state: 'DONE', dryRun: true, matched: matches ? 1 : 0, changed: 0 });
    expect(await stateOf(instance(), address)).toBe(before);
    const id = await release({ filter });
    expect(await releaseOf(instance(), id)).toMatchObject({
      state: 'DONE',
      dryRun: false,
      matched: matches ? 1 : 0,
      changed: matches ? 1 : 0,
      skipped: 0,
    });
    expect(await stateOf(instance(), address)).toBe(matches ? 'VALID 0' : before);
  });

  test('texts of Apple and Italia Online go by the same criteria (R61)', async () => {
    await putEntries(instance(), [
      { address: 'a@icloud.com', errorText: '550 5.1.1 user lookup success but no user record found, support.apple.com' },
      { address: 'b@me.com', errorText: '554 Momen_Code10_InvalidRecipient' },
      { address: 'c@libero.it', errorText: '550 <c@libero.it> recipient rejected' },
      { address: 'd@iol.it', status: 'ERRONEOUS', errorText: '452 requested action aborted: try again later' },
    ]);
    await release({ filter: { errorTextContains: ['user lookup success but no user record found', 'support.apple.com'] } });
    await release({ filter: { errorTextContains: ['Momen_Code10_InvalidRecipient'], domain: ['icloud.com', 'me.com', 'mac.com'] } });
    await release({
      filter: { errorTextContains: ['recipient rejected'], domain: ['libero.it', 'virgilio.it', 'inwind.it', 'iol.it', 'blu.it'] },
    });
    const states = await Promise.all(
      ['a@icloud.com', 'b@me.com', 'c@libero.it', 'd@iol.it'].map((address) => stateOf(instance(), address)),
    );
    expect(states).toEqual(['VALID 0', 'VALID 0', 'VALID 0', 'ERRONEOUS 1']);
  });

  test('released addresses can be written to at once (R59), and are gone after the next cleanup (R57, R64)', async () => {
    const own = await openLife();
    try {
      await putEntry(own.instance, { address: 'ann@gone.example' });
      expect(await isTargetable(own.instance, 'ann@gone.example')).toBe(false);
      const filter = { domain: ['gone.example'] };
      await releaseQuarantine(own.instance, { filter, mode: 'SET_VALID', dryRun: false }, OPERATOR);
      expect(await isTargetable(own.instance, 'ann@gone.example')).toBe(true);
      expect(await stateOf(own.instance, 'ann@gone.example')).toBe('VALID 0');
      own.setNow('2025-03-07T04:00:00Z');
      await runCleanup(own.instance, SCHEDULED_CLEANUP);
      expect(await entryOf(own.instance, 'ann@gone.example')).toBeNull();
    } finally {
      await own.close();
    }
  });

  test('they may also be deleted (R65); the ledger stays and says who did it', async () => {
    const domain = freshDomain();
    await putEntry(instance(), { address: `a@${domain}` });
    const id = await release({ filter: { domain: [domain] }, mode: 'DELETE' });
    expect(await stateOf(instance(), `a@${domain}`)).toBe('gone');
    expect(await ledgerOf(instance(), `a@${domain}`)).toMatchObject([
      { status: 'QUARANTINE', version: 1 },
      { status: null, previousStatus: 'QUARANTINE', version: 2, actor: 'operator', releaseId: id },
    ]);
  });
});

describe('what a release refuses and shows', () => {
  test('an empty filter needs the expected count', async () => {
    await expect(release({ filter: {} })).rejects.toThrow(InvalidInputError);
    await expect(release({ filter: { address: {}, statusUpdatedAt: { from: null } } })).rejects.toThrow('expectedCount');
  });

  test.each([
    { errorTextContains: [''] },
    { address: { contains: '', startsWith: '' } },
    { status: ['QUARANTINE', 'ERRONEOUS', 'DENYLISTED'] },
    { channel: CHANNELS, status: ['QUARANTINE', 'ERRONEOUS'], domain: null },
  ] satisfies QuarantineFilter[])('so does one that leaves the whole list in: %j', async (filter) => {
    await expect(release({ filter })).rejects.toThrow('expectedCount');
  });

  test('another number than expected changes nothing and names both', async () => {
    const domain = freshDomain();
    await putEntries(instance(), [{ address: `a@${domain}` }, { address: `b@${domain}` }]);
    const refused = release({ filter: { domain: [domain] }, expectedCount: 3 });
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toThrow(/^2 entries match, not 3/);
    expect(await stateOf(instance(), `a@${domain}`)).toBe('QUARANTINE 1');
    await release({ filter: { domain: [domain] }, expectedCount: 2 });
    expect(await stateOf(instance(), `a@${domain}`)).toBe('VALID 0');
  });

  test('the sample shows up to 20 entries as they were', async () => {
    const domain = freshDomain();
    await putEntries(
      instance(),
      Array.from({ length: 25 }, (_, at) => ({ address: `p${at}@${domain}` })),
    );
    const { sample, matched } = await releaseOf(instance(), await release({ filter: { domain: [domain] } }));
    const entries = sampledEntries(sample);
    expect(matched).toBe(25);
    expect(entries).toHaveLength(20);
    expect(entries[0]).toMatchObject({
      address: `p0@${domain}`,
      status: 'QUARANTINE',
      errorCount: 1,
      version: 1,
      lastErrorAt: new Date('2025-03-05T08:00:00Z'),
    });
    expect(typeof entries[0]?.id).toBe('bigint');
  });

  test('a release leaves its line in the audit trail, a dry run none', async () => {
    const domain = freshDomain();
    await putEntry(instance(), { address: `a@${domain}` });
    const dry = await release({ filter: { domain: [domain] }, dryRun: true });
    const real = await release({ filter: { domain: [domain] } });
    const audited = await instance().database.query<{ subject: string; actor: string }>(sql`
      SELECT subject, actor FROM audit_entry WHERE subject IN (${`QuarantineRelease ${dry}`}, ${`QuarantineRelease ${real}`})`);
    expect(audited).toEqual([{ subject: `QuarantineRelease ${real}`, actor: 'operator' }]);
  });
});

describe('undoing a release', () => {
  test.each(['SET_VALID', 'DELETE'] as const)('%s: every entry is again what it was', async (mode) => {
    const domain = freshDomain();
    const address = `a@${domain}`;
    await putEntry(instance(), { address, status: 'ERRONEOUS', errorCount: 3, reason: 'UNREACHABLE' });
    const before = await entryOf(instance(), address);
    const id = await release({ filter: { domain: [domain] }, mode });
    await undoRelease(instance(), id, OPERATOR);
    expect(await entryOf(instance(), address)).toEqual({ ...before, version: 3 });
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'DONE', undone: true, matched: 1, changed: 1, skipped: 0 });
    expect((await ledgerOf(instance(), address)).map(({ version, status }) => [version, status])).toEqual([
      [1, 'ERRONEOUS'],
      [2, mode === 'DELETE' ? null : 'VALID'],
      [3, 'ERRONEOUS'],
    ]);
  });

  test('spares what has moved on since, and counts it', async () => {
    const domain = freshDomain();
    const [kept, edited, deleted] = ['kept', 'edited', 'deleted'].map((name) => `${name}@${domain}`) as [string, string, string];
    const ids = await putEntries(instance(), [{ address: kept }, { address: edited }, { address: deleted }]);
    const id = await release({ filter: { domain: [domain] } });
    await instance().database.execute(sql`UPDATE quarantine_entry SET status = 'DENYLISTED', version = 3 WHERE address = ${edited}`);
    await instance().database.execute(sql`
      INSERT INTO quarantine_event (entry_id, channel, address, address_key, status, error_count, status_updated_at, source, version, occurred_at)
      SELECT id, channel, address, address_key, status, error_count, status_updated_at, source, version, status_updated_at
      FROM quarantine_entry WHERE address = ${edited}`);
    await deleteQuarantineEntry(instance(), ids[2] ?? 0n, OPERATOR);
    await undoRelease(instance(), id, OPERATOR);
    expect([await stateOf(instance(), kept), await stateOf(instance(), edited), await stateOf(instance(), deleted)]).toEqual([
      'QUARANTINE 1',
      'DENYLISTED 0',
      'gone',
    ]);
    expect(await releaseOf(instance(), id)).toMatchObject({ changed: 3, skipped: 2, undone: true });
  });

  test('of deleted entries leaves a new entry of the address alone', async () => {
    const domain = freshDomain();
    const address = `a@${domain}`;
    await putEntry(instance(), { address });
    const id = await release({ filter: { domain: [domain] }, mode: 'DELETE' });
    const { createQuarantineEntry } = await import('../../../src/operations/create-quarantine-entry.ts');
    await createQuarantineEntry(instance(), { channel: 'EMAIL', address, status: 'ALLOWLISTED' }, OPERATOR);
    await undoRelease(instance(), id, OPERATOR);
    expect(await stateOf(instance(), address)).toBe('ALLOWLISTED 0');
    expect(await releaseOf(instance(), id)).toMatchObject({ changed: 1, skipped: 1 });
  });

  test('brings back what only the cleanup has deleted since', async () => {
    const own = await openLife('2025-03-06T12:00:00Z');
    try {
      await putEntry(own.instance, { address: 'ann@back.example' });
      const before = await entryOf(own.instance, 'ann@back.example');
      const filter = { domain: ['back.example'] };
      const id = await releaseQuarantine(own.instance, { filter, mode: 'SET_VALID', dryRun: false }, OPERATOR);
      own.setNow('2025-03-07T04:00:00Z');
      await runCleanup(own.instance, SCHEDULED_CLEANUP);
      expect(await entryOf(own.instance, 'ann@back.example')).toBeNull();
      await undoRelease(own.instance, id, OPERATOR);
      expect(await entryOf(own.instance, 'ann@back.example')).toEqual({ ...before, version: 4 });
    } finally {
      await own.close();
    }
  });

  test('is refused for a dry run, a second time and for what is no release', async () => {
    const domain = freshDomain();
    await putEntry(instance(), { address: `a@${domain}` });
    const dry = await release({ filter: { domain: [domain] }, dryRun: true });
    const real = await release({ filter: { domain: [domain] } });
    await undoRelease(instance(), real, OPERATOR);
    await expect(undoRelease(instance(), dry, OPERATOR)).rejects.toThrow(InvalidStateError);
    await expect(undoRelease(instance(), real, OPERATOR)).rejects.toThrow('has been undone already');
    await expect(undoRelease(instance(), 999_999_999n, OPERATOR)).rejects.toThrow(NotFoundError);
  });
});

describe('a large release', () => {
  const people = (domain: string, count: number) => Array.from({ length: count }, (_, at) => ({ address: `p${at}@${domain}` }));

  test('goes on behind the answer, can be undone only when it is done, and leaves no entry out', async () => {
    const domain = freshDomain();
    await putEntries(instance(), people(domain, 25));
    const id = await release({ filter: { domain: [domain] } }, { sliceSize: 5 });
    await backgroundWorkEnded(instance(), releaseName(id));
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'DONE', matched: 25, changed: 25, skipped: 0 });
    await undoRelease(instance(), id, OPERATOR, { sliceSize: 5 });
    await backgroundWorkEnded(instance(), releaseName(id));
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'DONE', undone: true, skipped: 0 });
    expect(await stateOf(instance(), `p24@${domain}`)).toBe('QUARANTINE 1');
  });

  test('goes on after its process was killed, on another node, without doing a slice twice', async () => {
    const domain = freshDomain();
    await putEntries(instance(), people(domain, 25));
    const dying = await life.otherNode('dying');
    const killed = new AbortController();
    const begun = await releaseQuarantine(dying, { filter: { domain: [domain] }, mode: 'SET_VALID', dryRun: false }, OPERATOR, {
      sliceSize: 5,
      signal: killed.signal,
      onSlice: () => killed.abort(),
    });
    await backgroundWorkEnded(dying, releaseName(begun));
    const half = await releaseOf(instance(), begun);
    expect(half).toMatchObject({ state: 'RUNNING', matched: 25 });
    expect(half.changed).toBeLessThan(25);
    await expect(undoRelease(instance(), begun, OPERATOR)).rejects.toThrow('still running');
    await instance().database.execute(sql`UPDATE lease SET expires_at = clock_timestamp() WHERE name = ${releaseName(begun)}`);
    const next = await life.otherNode('next');
    expect(await resumeReleases(next)).toBe(1);
    await backgroundWorkEnded(next, releaseName(begun));
    expect(await releaseOf(instance(), begun)).toMatchObject({ state: 'DONE', changed: 25, skipped: 0 });
    expect((await ledgerOf(instance(), `p0@${domain}`)).map(({ version }) => version)).toEqual([1, 2]);
  });

  test('counts as skipped what has moved on before its slice came', async () => {
    const domain = freshDomain();
    await putEntries(instance(), people(domain, 12));
    const id = await release({ filter: { domain: [domain] } }, { sliceSize: 5, onSlice: () => undefined, signal: AbortSignal.abort() });
    await instance().database.execute(sql`UPDATE quarantine_entry SET status = 'DENYLISTED' WHERE address = ${`p11@${domain}`}`);
    await runRelease(instance(), id, releaseSlice);
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'DONE', matched: 12, changed: 11, skipped: 1 });
  });

  test('an undo that was killed goes on as an undo', async () => {
    const domain = freshDomain();
    await putEntries(instance(), people(domain, 25));
    const id = await release({ filter: { domain: [domain] }, mode: 'DELETE' });
    const dying = await life.otherNode('dying in an undo');
    const killed = new AbortController();
    await undoRelease(dying, id, OPERATOR, { sliceSize: 5, signal: killed.signal, onSlice: () => killed.abort() });
    await backgroundWorkEnded(dying, releaseName(id));
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'RUNNING', undone: true });
    const next = await life.otherNode('next');
    expect(await resumeReleases(next)).toBe(1);
    await backgroundWorkEnded(next, releaseName(id));
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'DONE', undone: true, changed: 25, skipped: 0 });
    expect((await ledgerOf(instance(), `p24@${domain}`)).map(({ status }) => status)).toEqual(['QUARANTINE', null, 'QUARANTINE']);
  });

  test('that meets a fault is FAILED; what it did can be undone', async () => {
    const domain = freshDomain();
    await putEntries(instance(), people(domain, 12));
    const id = await release({ filter: { domain: [domain] } }, { sliceSize: 5, signal: AbortSignal.abort() });
    let slices = 0;
    const failing: typeof releaseSlice = (on, release, size) => {
      slices += 1;
      return slices > 1 ? Promise.reject(new Error('the disk is full')) : releaseSlice(on, release, size);
    };
    await expect(runRelease(instance(), id, failing, { sliceSize: 5 })).rejects.toThrow('the disk is full');
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'FAILED', matched: 12, changed: 5 });
    await undoRelease(instance(), id, OPERATOR);
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'DONE', undone: true, skipped: 0 });
    expect(await stateOf(instance(), `p0@${domain}`)).toBe('QUARANTINE 1');
  });

  test('an undo that meets a fault goes on where it was when it is asked for again', async () => {
    const domain = freshDomain();
    await putEntries(instance(), people(domain, 12));
    const id = await release({ filter: { domain: [domain] } });
    await undoRelease(instance(), id, OPERATOR, { sliceSize: 5, signal: AbortSignal.abort() });
    await expect(undoRelease(instance(), id, OPERATOR)).rejects.toThrow('is being undone');
    let slices = 0;
    const failing: typeof undoReleaseSlice = (on, undone, size) => {
      slices += 1;
      return slices > 1 ? Promise.reject(new Error('the disk is full')) : undoReleaseSlice(on, undone, size);
    };
    await expect(runRelease(instance(), id, failing, { sliceSize: 5 })).rejects.toThrow('the disk is full');
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'FAILED', undone: true });
    await undoRelease(instance(), id, OPERATOR);
    expect(await releaseOf(instance(), id)).toMatchObject({ state: 'DONE', undone: true, changed: 12, skipped: 0 });
    for (const place of [0, 11]) expect(await stateOf(instance(), `p${place}@${domain}`)).toBe('QUARANTINE 1');
  });
});
