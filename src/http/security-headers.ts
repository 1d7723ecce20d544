import type { ServerResponse } from 'node:http';

/** What no answer of the API needs: nothing may be loaded from it, and no page may frame it. */
const NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Before any other header: a page sets its own policy over this one. */
export function setSecurityHeaders(response: ServerResponse, https: boolean): void {
  response.setHeader('Content-Security-Policy', NOTHING);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
  response.setHeader('Cache-Control', 'no-store');
  if (https) response.setHeader('Strict-Transport-Security', 'max-age=31536000');
}

/** For a page without scripts. */
export const PLAIN_PAGE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** For GraphiQL: its editor writes styles into the page, and its workers are files of ours. */
export const GRAPHIQL_PAGE =
  "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
