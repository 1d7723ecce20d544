import type { Feed } from '../live/feed.ts';
import type { Instance } from '../operations/instance.ts';
import type { Scope } from '../operations/scopes.ts';

/** Who is asking. null in the context: nobody signed in. */
export interface Caller {
  readonly tokenId: bigint;
  /** Name of the token: the actor in ledgers and the audit trail. */
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  readonly expiresAt: Date | null;
}

/** What a resolver is given. The database client is reached through `instance`, so that this type stays small for the compiler. */
export interface GraphQLContext {
  readonly instance: Instance;
  readonly feed: Feed;
  readonly caller: Caller | null;
  readonly requestId: string;
}
