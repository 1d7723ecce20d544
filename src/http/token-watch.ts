import type { Logger } from 'pino';
import type { Authenticator } from '../operations/authenticate.ts';

/** With the two seconds for which a token is remembered, what a revoked or expired token holds open is closed within five. */
const LOOK_MS = 2_000;

export type EndOfWatch = 'TOKEN_ENDED' | 'SERVER_ENDING';

export interface TokenWatch {
  /** Calls `end` once the token is no longer taken, or the server ends. @returns a function that ends the watching */
  watch(secret: string, end: (why: EndOfWatch) => void): () => void;
  /** Ends all that is watched. */
  close(): void;
}

/** Looks after what lives longer than a request: WebSockets and event streams. */
export function openTokenWatch(authenticator: Authenticator, log: Logger): TokenWatch {
  const watched = new Map<string, Set<(why: EndOfWatch) => void>>();

  const look = async () => {
    for (const [secret, ends] of watched) {
      try {
        if (await authenticator.authenticate(secret)) continue;
      } catch (error) {
        // Who holds the line open learns nothing while the database is away; the next look asks again.
        log.warn({ err: error }, 'the tokens of open connections could not be checked');
        return;
      }
      watched.delete(secret);
      for (const end of ends) end('TOKEN_ENDED');
    }
  };

  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return {
    watch: (secret, end) => {
      const ends = watched.get(secret) ?? new Set();
      watched.set(secret, ends.add(end));
      return () => {
        ends.delete(end);
        if (ends.size === 0 && watched.get(secret) === ends) watched.delete(secret);
      };
    },
    close: () => {
      clearInterval(timer);
      for (const ends of watched.values()) for (const end of ends) end('SERVER_ENDING');
      watched.clear();
    },
  };
}
