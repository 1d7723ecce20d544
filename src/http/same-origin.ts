import type { IncomingMessage } from 'node:http';

/** Did one of our own pages send this, or no page at all? Browsers name the page's origin wherever that matters. */
export function isSameOrigin(request: IncomingMessage, publicUrl: string | undefined): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return false;
  const { origin } = request.headers;
  if (origin === undefined) return true;
  const parsed = parseUrl(origin);
  if (!parsed) return false;
  return parsed.host === request.headers.host || (publicUrl !== undefined && parsed.origin === parseUrl(publicUrl)?.origin);
}

function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
