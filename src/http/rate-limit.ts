import type { ServerResponse } from 'node:http';
import { HttpError } from './http-error.ts';

/** What is left for one token in the minute that runs. */
export interface Allowance {
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
  readonly exceeded: boolean;
}

export interface RateLimiter {
  /** Counts one request of that token; null = no limit is set. */
  take(tokenId: bigint): Allowance | null;
}

const WINDOW_MS = 60_000;

/** Counts requests a token and minute, in this process. @param limit 0 = no limit */
export function openRateLimiter(limit: number, clock: () => number = () => performance.now()): RateLimiter {
  let windowStart = clock();
  let counts = new Map<bigint, number>();
  return {
    take: (tokenId) => {
      if (limit === 0) return null;
      const now = clock();
      if (now - windowStart >= WINDOW_MS) {
        windowStart = now - ((now - windowStart) % WINDOW_MS);
        counts = new Map();
      }
      const count = (counts.get(tokenId) ?? 0) + 1;
      counts.set(tokenId, count);
      const resetSeconds = Math.max(1, Math.ceil((windowStart + WINDOW_MS - now) / 1000));
      return { limit, remaining: Math.max(0, limit - count), resetSeconds, exceeded: count > limit };
    },
  };
}

/**
 * Tells the sender what is left.
 *
 * @throws HttpError 429 where nothing is
 */
export function applyAllowance(response: ServerResponse, allowance: Allowance | null): void {
  if (!allowance) return;
  response.setHeader('X-RateLimit-Limit', allowance.limit);
  response.setHeader('X-RateLimit-Remaining', allowance.remaining);
  response.setHeader('X-RateLimit-Reset', allowance.resetSeconds);
  if (!allowance.exceeded) return;
  throw new HttpError(429, 'RATE_LIMITED', rateLimitMessage(allowance), { 'Retry-After': String(allowance.resetSeconds) });
}

export const rateLimitMessage = (allowance: Allowance): string =>
  `This token has used its ${allowance.limit} requests of this minute; try again in ${allowance.resetSeconds} s.`;
