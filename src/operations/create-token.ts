import { InvalidInputError } from '../domain/errors.ts';
import { type Queryable, sql } from '../store/database.ts';
import { CLEANUP_ACTOR } from './cleanup-entries.ts';
import { INCIDENT_ACTOR } from './detect-incidents.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { isScope, SCOPES, type Scope } from './scopes.ts';
import { hashToken, makeTokenSecret, tokenPrefix } from './token-secret.ts';

export const TOKEN_NAME_MAX_LENGTH = 100;

export interface CreateTokenInput {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: Date | null | undefined;
}

/** `secret` is shown once: only its hash is kept. */
export interface CreatedToken {
  readonly id: bigint;
  readonly secret: string;
}

/**
 * Makes a token for a program or person. It works at once on every node.
 *
 * @throws InvalidInputError where the name is empty, too long or that of a job, a scope is unknown or none is given, or it would have expired already
 */
export async function createToken(instance: Instance, input: CreateTokenInput, actor: Actor): Promise<CreatedToken> {
  const now = instance.now();
  const name = tokenName(input.name);
  const scopes = tokenScopes(input.scopes);
  const expiresAt = input.expiresAt ?? null;
  if (expiresAt !== null && !(expiresAt.getTime() > now.getTime())) {
    throw new InvalidInputError('A token must expire in the future.', 'expiresAt');
  }
  const secret = makeTokenSecret();
  const id = await instance.database.transaction(async (tx) => {
    const made = await insertToken(tx, { name, scopes, expiresAt, secret, at: now });
    const detail = JSON.stringify({ name, scopes, expiresAt });
    await recordAudit(tx, actor, 'token.create', `Token ${made}`, detail, now);
    return made;
  });
  return { id, secret };
}

/** The row of a token. `secret` goes no further than its hash and its first characters. */
export async function insertToken(
  tx: Queryable,
  token: { name: string; scopes: readonly Scope[]; expiresAt: Date | null; secret: string; at: Date },
): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>(sql`
    INSERT INTO token (name, prefix, hash, scopes, created_at, expires_at)
    VALUES (${token.name}, ${tokenPrefix(token.secret)}, ${hashToken(token.secret)},
            ARRAY(SELECT jsonb_array_elements_text(${JSON.stringify(token.scopes)}::jsonb)), ${token.at}, ${token.expiresAt})
    RETURNING id`);
  if (!row) throw new Error('the token was not written');
  return row.id;
}

function tokenName(text: string): string {
  const name = text.trim();
  if (name === '') throw new InvalidInputError('A token needs a name.', 'name');
  if (name.length > TOKEN_NAME_MAX_LENGTH) {
    throw new InvalidInputError(`The name of a token has at most ${TOKEN_NAME_MAX_LENGTH} characters.`, 'name');
  }
  if (/[\p{Cc}\p{Cs}]/u.test(name)) throw new InvalidInputError('The name of a token contains no control characters.', 'name');
  if (name === CLEANUP_ACTOR || name === INCIDENT_ACTOR) {
    throw new InvalidInputError(
      `The name "${name}" is that of a job: what it has done could not be told from what the token does.`,
      'name',
    );
  }
  return name;
}

function tokenScopes(texts: readonly string[]): Scope[] {
  if (texts.length === 0) throw new InvalidInputError(`A token needs at least one scope: ${SCOPES.join(', ')}.`, 'scopes');
  const unknown = texts.find((text) => !isScope(text));
  if (unknown !== undefined) {
    throw new InvalidInputError(`There is no scope ${JSON.stringify(unknown.slice(0, 60))}; there are ${SCOPES.join(', ')}.`, 'scopes');
  }
  return SCOPES.filter((scope) => texts.includes(scope));
}
