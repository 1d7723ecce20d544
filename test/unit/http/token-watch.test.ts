import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openTokenWatch } from '../../../src/http/token-watch.ts';
import type { Authenticator, Bearer } from '../../../src/operations/authenticate.ts';

/** What a token holds open lives five seconds at most when it has ended; for two of them the authenticator still remembers it. */
const LOOKS_WITHIN_MS = 3_000;
const bearer: Bearer = { tokenId: 1n, name: 'test', scopes: new Set(['admin'] as const), expiresAt: null };

describe('what a token holds open', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const watched = (authenticate: Authenticator['authenticate']) => {
    const watch = openTokenWatch({ authenticate, settle: async () => undefined }, pino({ level: 'silent' }));
    const ended = vi.fn();
    watch.watch('secret', ended);
    return { watch, ended };
  };

  test('ends in time when the token does, and not before', async () => {
    let valid = true;
    const { watch, ended } = watched(async () => (valid ? bearer : null));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).not.toHaveBeenCalled();
    valid = false;
    await vi.advanceTimersByTimeAsync(LOOKS_WITHIN_MS);
    expect(ended.mock.calls).toEqual([['TOKEN_ENDED']]);
    watch.close();
    expect(ended).toHaveBeenCalledOnce();
  });

  test('stays open while the database cannot say', async () => {
    const { watch, ended } = watched(() => Promise.reject(new Error('away')));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ended).not.toHaveBeenCalled();
    watch.close();
    expect(ended.mock.calls).toEqual([['SERVER_ENDING']]);
  });
});
