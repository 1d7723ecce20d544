import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressKey, keyFingerprint, lockBucket, profileKey } from '../../../src/domain/address/address-key.ts';
import { type AddressCase, canonicalAddress } from '../../../src/domain/address/canonical-address.ts';
import { erasedAddress, isErasedAddress } from '../../../src/domain/address/erased-address.ts';

const secret = Buffer.from('a secret of the instance');
const other = Buffer.from('another secret');

describe('the key of an address', () => {
  it('is the first 128 bits of HMAC-SHA256 over channel and address, as uuid text', () => {
    const hex = createHmac('sha256', secret).update('EMAIL\0ann@x.com').digest('hex').slice(0, 32);
    expect(addressKey(secret, 'EMAIL', 'ann@x.com').replaceAll('-', '')).toBe(hex);
    expect(addressKey(secret, 'EMAIL', 'ann@x.com')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });

  it('is that of HMAC whatever the address and the secret, one after the other', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.nat({ max: 1500 }).map((length) => 'é'.repeat(length)),
    );
    fc.assert(
      fc.property(fc.array(text, { maxLength: 5 }), fc.uint8Array({ minLength: 1, maxLength: 100 }), (addresses, bytes) => {
        const key = Buffer.from(bytes);
        for (const address of addresses) {
          const hex = createHmac('sha256', key).update(`OTHER\0${address}`, 'utf8').digest('hex').slice(0, 32);
          expect(addressKey(key, 'OTHER', address).replaceAll('-', '')).toBe(hex);
        }
      }),
    );
  });

  it('differs by channel, by address and by secret', () => {
    const keys = [
      addressKey(secret, 'SMS', '+33612345678'),
      addressKey(secret, 'PHONE', '+33612345678'),
      addressKey(secret, 'SMS', '+33612345679'),
      addressKey(other, 'SMS', '+33612345678'),
    ];
    expect(new Set(keys).size).toBe(4);
  });

  it('of a profile without an address is made of its id and equals that of no address', () => {
    expect(profileKey(secret, 42n)).toBe(profileKey(secret, '42'));
    expect(profileKey(secret, 42n)).not.toBe(profileKey(secret, 43n));
    expect(profileKey(secret, 42n)).not.toBe(addressKey(secret, 'OTHER', '42'));
  });

  it('falls into one of 256 lock buckets, by its first byte', () => {
    expect(lockBucket('ff000000-0000-0000-0000-000000000000')).toBe(255);
    expect(lockBucket('00ffffff-0000-0000-0000-000000000000')).toBe(0);
    fc.assert(
      fc.property(fc.string(), (value) => {
        const bucket = lockBucket(addressKey(secret, 'OTHER', value));
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket <= 255).toBe(true);
      }),
    );
  });
});

describe('two spellings of one address', () => {
  const keyOf = (value: string, addressCase: AddressCase) => {
    const result = canonicalAddress({ channel: 'EMAIL', value, addressCase });
    return result.ok ? addressKey(secret, 'EMAIL', result.canonical) : result.message;
  };

  it('have one key, so that Ivan@x.com is blocked by an entry ivan@x.com (A1)', () => {
    expect(keyOf('Ivan@X.com', 'canonical')).toBe(keyOf('ivan@x.com', 'canonical'));
  });

  it('have two keys with ADDRESS_CASE=exact, as in the example of the specification (7.9)', () => {
    expect(keyOf('Ivan@x.com', 'exact')).not.toBe(keyOf('ivan@x.com', 'exact'));
    expect(keyOf('Ivan@X.com', 'exact')).toBe(keyOf('Ivan@x.com', 'exact'));
  });
});

describe('the fingerprint of a key', () => {
  it('is stable, tells keys apart and does not contain the key', () => {
    expect(keyFingerprint(secret)).toBe(keyFingerprint(Buffer.from(secret)));
    expect(keyFingerprint(secret)).not.toBe(keyFingerprint(other));
    expect(keyFingerprint(secret)).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('an erased address', () => {
  it('reads erased: and 12 hex digits of its key', () => {
    expect(erasedAddress('01234567-89ab-cdef-0123-456789abcdef')).toBe('erased:0123456789ab');
  });

  it('is recognised, and nothing else is', () => {
    expect(isErasedAddress('erased:0123456789ab')).toBe(true);
    expect(isErasedAddress('erased:0123456789a')).toBe(false);
    expect(isErasedAddress('erased@x.com')).toBe(false);
  });
});
