import { describe, expect, it } from 'vitest';
import { erasedAddress, erasedKeyRange, isErasedAddress } from '../../../src/domain/address/erased-address.ts';
import { channelsOf, isLapsed, refusedConfirmation, siblingChannels } from '../../../src/domain/privacy/privacy-request.ts';
import { eraseEntry } from '../../../src/domain/quarantine/erase-entry.ts';
import { ADDRESS_STATUSES, CHANNELS, PRIVACY_NAMESPACES, PRIVACY_REQUEST_STATUSES } from '../../../src/domain/vocabulary.ts';
import { anEntry, at } from '../quarantine/quarantine-events.ts';

const NOW = at('03-01');

describe('the confirmation of an erasure', () => {
  const waiting = { type: 'DELETE', status: 'DELETE_CONFIRMATION_PENDING', confirmBefore: at('03-15') } as const;

  it('is taken up to the last instant of its time and not after it', () => {
    expect(refusedConfirmation(waiting, 'confirmed', at('03-15'))).toBeNull();
    const late = new Date(at('03-15').getTime() + 1);
    expect([isLapsed(waiting, late), refusedConfirmation(waiting, 'confirmed', late)]).toEqual([
      true,
      expect.stringContaining('has passed'),
    ]);
  });

  it.each(PRIVACY_REQUEST_STATUSES.filter((status) => status !== 'DELETE_CONFIRMATION_PENDING'))('is refused where it is %s', (status) => {
    expect(refusedConfirmation({ ...waiting, status }, 'confirmed', NOW)).toMatch(status === 'ERROR' ? /lapsed or was cancelled/ : status);
  });

  it('is not asked of a request for access', () => {
    expect(refusedConfirmation({ ...waiting, type: 'ACCESS' }, 'cancelled', NOW)).toContain('Only an erasure is cancelled');
  });
});

describe('the entry of an erased address', () => {
  it.each(ADDRESS_STATUSES)('that was %s', (status) => {
    const entry = anEntry({ status, errorText: 'Zelda is away', errorCount: 3, softCaused: true });
    const { next, denylisted } = eraseEntry(entry, NOW);
    const shut = status === 'DENYLISTED' || status === 'QUARANTINE';
    expect([next.status, denylisted, next.errorText, next.errorCount]).toEqual([shut ? status : 'DENYLISTED', !shut, null, 3]);
    expect(next.lastErrorAt).toEqual(entry.lastErrorAt);
    if (shut) expect(next).toEqual({ ...entry, errorText: null });
  });

  it('that was none', () => {
    expect(eraseEntry(null, NOW)).toMatchObject({
      denylisted: true,
      next: { status: 'DENYLISTED', reason: 'DENYLISTED', statusUpdatedAt: NOW },
    });
  });
});

it('a number is the same person on every channel that reaches it', () => {
  expect(PRIVACY_NAMESPACES.map(channelsOf)).toEqual([
    ['EMAIL'],
    ['SMS', 'PHONE', 'FAX'],
    ['SMS', 'PHONE', 'FAX'],
    ['PUSH'],
    ['DIRECT_MAIL'],
    ['OTHER'],
  ]);
  for (const channel of CHANNELS) expect(siblingChannels(channel)).toContain(channel);
});

it('the display form of an erased address names a range of keys that holds its own', () => {
  const key = '01234567-89ab-cdef-0123-456789abcdef';
  const display = erasedAddress(key);
  expect([display, isErasedAddress(display)]).toEqual(['erased:0123456789ab', true]);
  const { first, last } = erasedKeyRange(display);
  expect(first <= key && key <= last).toBe(true);
  expect(last < '01234567-89ac-0000-0000-000000000000').toBe(true);
});
