import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConsentChange,
  type ConsentFlags,
  type ConsentWish,
  decideConsent,
  foldConsent,
  isOptedOut,
  NOTHING_OPTED_OUT,
} from '../../../src/domain/consent/decide-consent.ts';
import { CHANNELS, type Channel } from '../../../src/domain/vocabulary.ts';

const flags = (more: Partial<ConsentFlags> = {}): ConsentFlags => ({ ...NOTHING_OPTED_OUT, ...more });
const optOut = (channels: readonly Channel[] | null): ConsentWish => ({ optedOut: true, channels });
const optIn = (channels: readonly Channel[] | null): ConsentWish => ({ optedOut: false, channels });

describe('an opt-out', () => {
  it('of everything sets the flag for all and leaves the channels alone', () => {
    expect(decideConsent(flags({ sms: true }), optOut(null))).toEqual({
      ok: true,
      flags: flags({ all: true, sms: true }),
      changes: [{ channel: null, optedOut: true }],
    });
  });

  it('of channels sets their flags, one ledger row each, whatever the flag for all says', () => {
    for (const all of [false, true]) {
      expect(decideConsent(flags({ all }), optOut(['EMAIL', 'DIRECT_MAIL']))).toEqual({
        ok: true,
        flags: flags({ all, email: true, directMail: true }),
        changes: [
          { channel: 'EMAIL', optedOut: true },
          { channel: 'DIRECT_MAIL', optedOut: true },
        ],
      });
    }
  });

  it('writes rows only for the channels that change, and each once', () => {
    expect(decideConsent(flags({ email: true }), optOut(['EMAIL', 'SMS', 'SMS']))).toMatchObject({
      changes: [{ channel: 'SMS', optedOut: true }],
    });
  });
});

describe('an opt-in', () => {
  it('to everything clears all eight flags with one ledger row', () => {
    expect(decideConsent(flags({ all: true, email: true, push: true }), optIn(null))).toEqual({
      ok: true,
      flags: NOTHING_OPTED_OUT,
      changes: [{ channel: null, optedOut: false }],
    });
    expect(decideConsent(flags({ email: true }), optIn(null))).toMatchObject({ flags: NOTHING_OPTED_OUT });
  });

  it('to a channel clears its flag', () => {
    expect(decideConsent(flags({ email: true, fax: true }), optIn(['FAX']))).toEqual({
      ok: true,
      flags: flags({ email: true }),
      changes: [{ channel: 'FAX', optedOut: false }],
    });
  });

  it('to a channel is refused while the flag for all is set, and says what to do', () => {
    expect(decideConsent(flags({ all: true, email: true }), optIn(['EMAIL']))).toEqual({
      ok: false,
      message: 'This profile has opted out of all channels: opt in to all channels first, then opt out of the ones it does not want.',
    });
  });
});

describe('any wish', () => {
  it.each([true, false])('for an empty list of channels is refused (opted out: %s)', (optedOut) => {
    expect(decideConsent(flags(), { optedOut, channels: [] })).toMatchObject({ ok: false });
  });

  it.each([true, false])('for the channel OTHER is refused as a whole (opted out: %s)', (optedOut) => {
    expect(decideConsent(flags(), { optedOut, channels: ['EMAIL', 'OTHER'] })).toMatchObject({ ok: false });
  });

  const wishes = fc.record({
    optedOut: fc.boolean(),
    channels: fc.option(
      fc.subarray(
        [...CHANNELS].filter((channel) => channel !== 'OTHER'),
        { minLength: 1 },
      ),
    ),
  });

  it('repeated changes nothing and writes no ledger row', () => {
    fc.assert(
      fc.property(fc.array(wishes, { minLength: 1 }), (list) => {
        const before = list.reduce((state, wish) => decided(state, wish).flags, NOTHING_OPTED_OUT);
        const last = list.at(-1) ?? optOut(null);
        const repeat = decideConsent(before, last);
        if (repeat.ok) expect(repeat).toEqual({ ok: true, flags: before, changes: [] });
      }),
    );
  });

  it('leaves the flags that the ledger adds up to', () => {
    fc.assert(
      fc.property(fc.array(wishes), (list) => {
        let state = NOTHING_OPTED_OUT;
        const ledger: ConsentChange[] = [];
        for (const wish of list) {
          const { flags: next, changes } = decided(state, wish);
          ledger.push(...changes);
          state = next;
        }
        expect(foldConsent(ledger)).toEqual(state);
      }),
    );
  });

  function decided(state: ConsentFlags, wish: ConsentWish): { flags: ConsentFlags; changes: readonly ConsentChange[] } {
    const decision = decideConsent(state, wish);
    return decision.ok ? decision : { flags: state, changes: [] };
  }
});

describe('whether a person may be written to', () => {
  it.each(CHANNELS)('on %s is shut by the flag for all', (channel) => {
    expect(isOptedOut(flags({ all: true }), channel)).toBe(true);
    expect(isOptedOut(flags(), channel)).toBe(false);
  });

  it('is shut by the flag of the channel and by no other', () => {
    const shut = (more: Partial<ConsentFlags>) => CHANNELS.filter((channel) => isOptedOut(flags(more), channel));
    expect(shut({ email: true })).toEqual(['EMAIL']);
    expect(shut({ sms: true })).toEqual(['SMS']);
    expect(shut({ phone: true })).toEqual(['PHONE']);
    expect(shut({ directMail: true })).toEqual(['DIRECT_MAIL']);
    expect(shut({ fax: true })).toEqual(['FAX']);
    expect(shut({ push: true })).toEqual(['PUSH']);
  });

  it('on OTHER is shut by nothing but the flag for all', () => {
    expect(isOptedOut({ all: false, email: true, sms: true, phone: true, directMail: true, fax: true, push: true }, 'OTHER')).toBe(false);
  });
});
