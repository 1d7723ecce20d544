import { sql } from '../store/database.ts';
import type { Instance } from './instance.ts';

export interface ListedToken {
  readonly id: bigint;
  readonly name: string;
  /** The first characters of the secret. */
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

/** All tokens, also those that ended, newest first. */
export function listTokens(instance: Instance): Promise<ListedToken[]> {
  return instance.database.query<ListedToken>(sql`
    SELECT id, name, prefix, scopes, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt", revoked_at AS "revokedAt"
    FROM token ORDER BY id DESC`);
}
