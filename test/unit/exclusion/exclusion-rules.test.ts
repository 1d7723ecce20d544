import { describe, expect, it } from 'vitest';
import { type ContactFacts, decideContact } from '../../../src/domain/exclusion/decide-contact.ts';
import { EXCLUSION_CAUSES, EXCLUSION_RULES, exclusionRule } from '../../../src/domain/exclusion/exclusion-rules.ts';
import { failureReasonFacts } from '../../../src/domain/failure/failure-reasons.ts';
import { ADDRESS_STATUSES } from '../../../src/domain/vocabulary.ts';
import { anEntry, at, POLICY } from '../quarantine/quarantine-events.ts';

describe('the list of exclusion rules', () => {
  it('stands in the order of the specification (PRE-3)', () => {
    expect(EXCLUSION_RULES.map(({ cause, scope }) => [cause, scope])).toEqual([
      ['AddressUndefined', null],
      ['Blacklisted', 'PROFILE'],
      ['Blacklisted', 'ADDRESS'],
      ['Blacklisted', 'ADDRESS'],
      ['Quarantine', 'ADDRESS'],
      ['domainExclusions', null],
      ['addressExclusions', null],
      ['Duplicate', null],
      ['TargetLimited', null],
      ['ControlGroup', null],
    ]);
    const values = EXCLUSION_RULES.map(({ reason }) => failureReasonFacts(reason).technicalValue);
    expect(values).toEqual([7, 8, 8, 8, 9, 11, 11, 10, 17, 127]);
  });

  it('has only reasons that preparation sets, and a text, a remedy and a predicate for each', () => {
    for (const rule of EXCLUSION_RULES) {
      expect(failureReasonFacts(rule.reason).atPreparation).toBe(true);
      expect([rule.text, rule.remedy, rule.sqlPredicate].filter((part) => part.trim() === '')).toEqual([]);
      expect(rule.sqlPredicate).not.toMatch(/;|--/);
    }
  });

  it('gives one row of the causes tab a cause', () => {
    expect(EXCLUSION_CAUSES.map(({ position, name, reason }) => [position, name, reason])).toEqual([
      [1, 'AddressUndefined', 'ADDRESS_UNDEFINED'],
      [2, 'Blacklisted', 'DENYLISTED'],
      [3, 'Quarantine', 'QUARANTINED'],
      [4, 'domainExclusions', 'EXCLUDED_BY_SQL_RULE'],
      [5, 'addressExclusions', 'EXCLUDED_BY_SQL_RULE'],
      [6, 'Duplicate', 'DUPLICATE'],
      [7, 'TargetLimited', 'TARGET_LIMITED'],
      [8, 'ControlGroup', 'CONTROL_GROUP'],
    ]);
  });

  it('says what the vendor says', () => {
    expect(exclusionRule('ADDRESS_MISSING').text).toBe('Address not specified.');
    expect(exclusionRule('PROFILE_DENYLISTED').text).toBe('The recipient no longer wants to be contacted.');
    expect(exclusionRule('DUPLICATE').text).toBe('Exclusion of duplicates (based on address)');
  });

  it('excludes where it is not known whether a person has opted out', () => {
    expect(exclusionRule('PROFILE_DENYLISTED').sqlPredicate).toBe('r.opted_out IS NOT FALSE');
  });
});

describe('a contact decision', () => {
  const facts = (more: Partial<ContactFacts> = {}): ContactFacts => ({
    address: 'ann@x.com',
    holders: [{ profileId: 1n, optedOut: false, optedOutSince: null }],
    entries: [],
    erasedAt: null,
    domainListed: false,
    addressListed: false,
    ...more,
  });
  const keys = (more: Partial<ContactFacts>) => decideContact(facts(more), POLICY).map(({ key }) => key);
  const entryOf = (status: (typeof ADDRESS_STATUSES)[number]) => ({ entryId: 7n, state: anEntry({ status }) });

  it.each(ADDRESS_STATUSES)('for an address that is %s', (status) => {
    const shut = { QUARANTINE: ['ADDRESS_QUARANTINED'], DENYLISTED: ['ADDRESS_DENYLISTED'] } as const;
    expect(keys({ entries: [entryOf(status)] })).toEqual(status === 'QUARANTINE' || status === 'DENYLISTED' ? shut[status] : []);
  });

  it('lists every shut gate, first the one that preparation would log', () => {
    const optedOut = { profileId: 1n, optedOut: true, optedOutSince: at('02-01') };
    const blocks = decideContact(
      facts({ holders: [optedOut], entries: [entryOf('QUARANTINE')], domainListed: true, addressListed: true }),
      POLICY,
    );
    expect(blocks.map(({ key }) => key)).toEqual(['PROFILE_DENYLISTED', 'ADDRESS_QUARANTINED', 'DOMAIN_LISTED', 'ADDRESS_LISTED']);
    expect(blocks[0]).toMatchObject({
      reason: 'DENYLISTED',
      scope: 'PROFILE',
      since: at('02-01'),
      until: null,
      profileId: 1n,
      entryId: null,
    });
    expect(blocks[1]).toMatchObject({
      reason: 'QUARANTINED',
      scope: 'ADDRESS',
      since: at('03-01 08:00'),
      until: null,
      profileId: null,
      entryId: 7n,
    });
  });

  it('asks the person where one is named, and without a name only where all who hold the address have opted out', () => {
    const out = { profileId: 1n, optedOut: true, optedOutSince: at('02-01') };
    const fine = { profileId: 2n, optedOut: false, optedOutSince: null };
    expect(keys({ holders: [out] })).toEqual(['PROFILE_DENYLISTED']);
    expect(keys({ holders: [out, { ...out, profileId: 3n }] })).toEqual(['PROFILE_DENYLISTED']);
    expect(keys({ holders: [out, fine] })).toEqual([]);
    expect(keys({ holders: [] })).toEqual([]);
  });

  it('says when a quarantine for a full mailbox opens by itself, while the switch is on', () => {
    const entry = {
      entryId: 7n,
      state: anEntry({ status: 'QUARANTINE', reason: 'MAILBOX_FULL', softCaused: true, lastErrorAt: at('03-05 08:00') }),
    };
    expect(decideContact(facts({ entries: [entry] }), POLICY)).toMatchObject([{ until: at('04-04 08:00') }]);
    expect(decideContact(facts({ entries: [entry] }), { ...POLICY, releaseMailboxFullQuarantine: false })).toMatchObject([{ until: null }]);
  });

  it('says of an erased address since when, beside the entry that shuts it too', () => {
    const blocks = decideContact(facts({ erasedAt: at('02-03'), entries: [entryOf('DENYLISTED')] }), POLICY);
    expect(blocks.map(({ key }) => key)).toEqual(['ADDRESS_ERASED', 'ADDRESS_DENYLISTED']);
    expect(blocks[0]).toMatchObject({ reason: 'DENYLISTED', scope: 'ADDRESS', since: at('02-03'), until: null });
    expect(blocks[0]?.remedy).toContain('administrator lifts the block');
  });

  it('says that a profile without an address has none', () => {
    expect(keys({ address: null })).toEqual(['ADDRESS_MISSING']);
  });
});
