import type { IncomingMessage } from 'node:http';
import { recognised, SESSION_COOKIE } from './credentials.ts';
import { type Exchange, type Route, sendJson } from './exchange.ts';
import type { Gate } from './gate.ts';
import { HttpError } from './http-error.ts';
import { decodeUtf8, readBody, requireContentType } from './read-body.ts';
import { isSameOrigin } from './same-origin.ts';

const BODY_MAX = 4096;
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
/** A working day; the token itself may end earlier. */
const SESSION_SECONDS = 12 * 60 * 60;

/**
 * POST /session signs a browser in: the token goes into a cookie that scripts cannot read and other sites cannot send. DELETE, or POST
 * without a token, signs it out.
 */
export function sessionRoute(gate: Gate): Route {
  return {
    methods: ['POST', 'DELETE'],
    path: '/session',
    handle: async (exchange) => {
      if (!isSameOrigin(exchange.request, gate.publicUrl)) throw new HttpError(403, 'FORBIDDEN', 'Sign in from a page of this server.');
      if (exchange.request.method === 'DELETE') return signOut(gate, exchange);
      const token = await readToken(exchange.request);
      if (token === '') return signOut(gate, exchange);
      const bearer = await recognised(token, gate.authenticator);
      answer(gate, exchange, token, SESSION_SECONDS, { name: bearer.name, scopes: [...bearer.scopes], expiresAt: bearer.expiresAt });
    },
  };
}

function signOut(gate: Gate, exchange: Exchange): void {
  answer(gate, exchange, '', 0, { name: null });
}

function answer(gate: Gate, { request, response }: Exchange, token: string, maxAge: number, body: object): void {
  const secure = gate.publicUrl?.startsWith('https:') ? '; Secure' : '';
  response.setHeader('Set-Cookie', `${SESSION_COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${maxAge}${secure}`);
  if (!isForm(request)) sendJson(response, 200, body);
  else response.writeHead(303, { Location: '/', 'Content-Length': 0 }).end();
}

async function readToken(request: IncomingMessage): Promise<string> {
  requireContentType(request, JSON_TYPE, FORM_TYPE);
  const text = decodeUtf8(await readBody(request, BODY_MAX));
  const token = isForm(request) ? new URLSearchParams(text).get('token') : tokenOfJson(text);
  return (token ?? '').trim();
}

function tokenOfJson(text: string): string {
  try {
    const { token } = JSON.parse(text) as { token?: unknown };
    if (typeof token === 'string') return token;
  } catch {
    // Answered below: what is no JSON holds no token.
  }
  throw new HttpError(400, 'BAD_USER_INPUT', 'Send {"token": "lzt_..."}.');
}

const isForm = (request: IncomingMessage): boolean => request.headers['content-type']?.startsWith(FORM_TYPE) === true;
