import type { IncomingMessage } from 'node:http';
import type { Authenticator, Bearer } from '../operations/authenticate.ts';
import { mayUse, type Scope } from '../operations/scopes.ts';
import { HttpError, unauthenticated } from './http-error.ts';
import { isSameOrigin } from './same-origin.ts';

/** Without the __Host- prefix: that needs https, and the server listens on http behind a proxy or on loopback. */
export const SESSION_COOKIE = 'lazaret_session';

/**
 * Whose request this is: by `Authorization: Bearer`, else by the session's cookie. A cookie is taken from our own pages only.
 *
 * @throws HttpError 401 where there is no token or it is wrong, expired or revoked; 403 for a cookie from another site
 */
export async function signedIn(request: IncomingMessage, authenticator: Authenticator, publicUrl: string | undefined): Promise<Bearer> {
  const secret = presentedSecret(request, publicUrl);
  if (secret === null) throw unauthenticated('Send a token: Authorization: Bearer lzt_...');
  return recognised(secret, authenticator);
}

/** What the request shows as its token; null = nothing. @throws HttpError 403 for a cookie from another site */
export const presentedSecret = (request: IncomingMessage, publicUrl: string | undefined): string | null =>
  bearerSecret(request.headers.authorization) ?? cookieSecret(request, publicUrl);

/** @throws HttpError 401 where the token is wrong, expired or revoked: which of them is not said */
export async function recognised(secret: string, authenticator: Authenticator): Promise<Bearer> {
  const bearer = await authenticator.authenticate(secret);
  if (!bearer) throw unauthenticated('The token is wrong, expired or revoked.');
  return bearer;
}

/** @throws HttpError 403 where the token lacks the scope */
export function requireScope(bearer: Bearer, scope: Scope): void {
  if (!mayUse(bearer.scopes, scope)) throw new HttpError(403, 'FORBIDDEN', `The token lacks the scope ${scope}.`);
}

/** The secret of an Authorization header; null where there is none. A header of another form is no token, so it is refused like a wrong one. */
export function bearerSecret(header: unknown): string | null {
  if (typeof header !== 'string' || header === '') return null;
  return /^Bearer +(\S+) *$/i.exec(header)?.[1] ?? '';
}

/** The secret of the session's cookie; null where there is none. @throws HttpError 403 for a cookie from another site */
export function cookieSecret(request: IncomingMessage, publicUrl: string | undefined): string | null {
  const value = readCookie(request.headers.cookie, SESSION_COOKIE);
  if (value === null) return null;
  if (!isSameOrigin(request, publicUrl)) throw new HttpError(403, 'FORBIDDEN', 'A session cannot be used from another site; send a token.');
  return value;
}

function readCookie(header: string | undefined, name: string): string | null {
  for (const part of header?.split(';') ?? []) {
    const [key, ...value] = part.trim().split('=');
    if (key === name) return value.join('=');
  }
  return null;
}
