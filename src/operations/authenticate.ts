import { timingSafeEqual } from 'node:crypto';
import { sql } from '../store/database.ts';
import type { Instance } from './instance.ts';
import { isScope, type Scope } from './scopes.ts';
import { hashToken, TOKEN_MARK } from './token-secret.ts';

/** Who a token stands for. */
export interface Bearer {
  /** 0 = the command line on the server's own machine. */
  readonly tokenId: bigint;
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly expiresAt: Date | null;
}

export interface Authenticator {
  /** Whom the secret stands for; null where it is wrong, expired or revoked. Revocation takes effect within 2 seconds on every node. */
  authenticate(secret: string): Promise<Bearer | null>;
  /** Waits for what is being written about the use of tokens. Call before the database is closed. */
  settle(): Promise<void>;
}

interface Held {
  readonly bearer: Bearer;
  readonly readAt: number;
  lastUsedAt: number;
}

/** A revoked token works at most this long. */
const FRESH_MS = 2_000;
/** `lastUsedAt` is for people: to the minute is enough. */
const LAST_USED_MS = 60_000;
const MOST_HELD = 10_000;
const LONGEST_SECRET = 300;

/**
 * Recognises tokens. The secret's hash is looked up, so how long an answer takes says nothing about any stored secret. A database that
 * cannot be read is an error, never a yes.
 *
 * @param localSecret what the command line on this machine finds in the data directory of the running server
 */
export function openAuthenticator(instance: Instance, localSecret?: string): Authenticator {
  const held = new Map<string, Held>();
  const writing = new Set<Promise<void>>();
  const localHash = localSecret === undefined ? null : hashToken(localSecret);

  const noteUse = (entry: Held) => {
    const now = instance.now().getTime();
    if (Math.abs(now - entry.lastUsedAt) < LAST_USED_MS) return;
    entry.lastUsedAt = now;
    const write = writeLastUse(instance, entry.bearer.tokenId, new Date(now)).finally(() => writing.delete(write));
    writing.add(write);
  };

  const look = async (hash: string): Promise<Held | null> => {
    const readAt = performance.now();
    const found = await findToken(instance, hash);
    held.delete(hash);
    if (!found) return null;
    if (held.size >= MOST_HELD) held.delete(held.keys().next().value ?? '');
    const entry = { ...found, readAt };
    held.set(hash, entry);
    return entry;
  };

  return {
    authenticate: async (secret) => {
      if (secret.length > LONGEST_SECRET || !secret.startsWith(TOKEN_MARK)) return null;
      const hash = hashToken(secret);
      if (localHash !== null && timingSafeEqual(Buffer.from(hash), Buffer.from(localHash))) return COMMAND_LINE;
      const known = held.get(hash);
      const entry = known && performance.now() - known.readAt < FRESH_MS ? known : await look(hash);
      if (!entry || isExpired(entry.bearer, instance.now())) return null;
      noteUse(entry);
      return entry.bearer;
    },
    settle: async () => {
      await Promise.all(writing);
    },
  };
}

const COMMAND_LINE: Bearer = { tokenId: 0n, name: 'command line', scopes: new Set<Scope>(['admin']), expiresAt: null };

const isExpired = (bearer: Bearer, now: Date): boolean => bearer.expiresAt !== null && bearer.expiresAt.getTime() <= now.getTime();

async function findToken(instance: Instance, hash: string): Promise<{ bearer: Bearer; lastUsedAt: number } | null> {
  const [row] = await instance.database.query<{
    id: bigint;
    name: string;
    scopes: string[];
    expires_at: Date | null;
    last_used_at: Date | null;
  }>(sql`SELECT id, name, scopes, expires_at, last_used_at FROM token WHERE hash = ${hash} AND revoked_at IS NULL`);
  if (!row) return null;
  const scopes = new Set(row.scopes.filter(isScope));
  return {
    bearer: { tokenId: row.id, name: row.name, scopes, expiresAt: row.expires_at },
    lastUsedAt: row.last_used_at?.getTime() ?? Number.NEGATIVE_INFINITY,
  };
}

/** In the background: a request does not wait for it, and its failure costs no more than a date. */
async function writeLastUse(instance: Instance, tokenId: bigint, at: Date): Promise<void> {
  try {
    await instance.database.execute(sql`UPDATE token SET last_used_at = ${at} WHERE id = ${tokenId}`);
  } catch (error) {
    instance.log.warn({ err: error, tokenId: String(tokenId) }, 'the last use of a token could not be written');
  }
}
