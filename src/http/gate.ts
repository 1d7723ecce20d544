import type { Authenticator, Bearer } from '../operations/authenticate.ts';
import type { Scope } from '../operations/scopes.ts';
import { requireScope, signedIn } from './credentials.ts';
import type { Exchange } from './exchange.ts';
import { applyAllowance, type RateLimiter } from './rate-limit.ts';

export interface GateOptions {
  readonly authenticator: Authenticator;
  readonly limiter: RateLimiter;
  readonly publicUrl: string | undefined;
}

export interface Gate extends GateOptions {
  /**
   * Signs the request in and counts it.
   *
   * @throws HttpError 401, 403 or 429
   */
  admit(exchange: Exchange, scope?: Scope): Promise<Bearer>;
  /**
   * Asks again while the body of an admitted request goes on and on: a token that ended meanwhile writes nothing more.
   *
   * @throws HttpError 401
   */
  readmit(exchange: Exchange): Promise<void>;
}

/** What every request with a token passes. */
export function openGate(options: GateOptions): Gate {
  return {
    ...options,
    admit: async ({ request, response }, scope) => {
      const bearer = await signedIn(request, options.authenticator, options.publicUrl);
      applyAllowance(response, options.limiter.take(bearer.tokenId));
      if (scope) requireScope(bearer, scope);
      return bearer;
    },
    readmit: async ({ request }) => {
      await signedIn(request, options.authenticator, options.publicUrl);
    },
  };
}
