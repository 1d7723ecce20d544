import { beginsWithDay } from '../domain/calendar.ts';
import { InvalidInputError } from '../domain/errors.ts';
import { createToken } from '../operations/create-token.ts';
import type { Instance } from '../operations/instance.ts';
import { type ListedToken, listTokens } from '../operations/list-tokens.ts';
import { revokeToken } from '../operations/revoke-token.ts';
import { CommandError, EXIT } from './command-error.ts';
import { atWorkplace, COMMAND_LINE } from './open-command.ts';
import type { RunningServer } from './running-server.ts';

export interface TokenCreateOptions {
  readonly name: string;
  /** Separated by commas. */
  readonly scopes: string;
  /** RFC 3339. */
  readonly expires?: string;
}

/** A token as the terminal shows it; instants as text, ids as they can be given back. */
interface ShownToken {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
}

/** `lazaret token create`: prints the secret, and nothing else, so that it can be piped into a file. */
export async function runTokenCreate(options: TokenCreateOptions): Promise<void> {
  const input = {
    name: options.name,
    scopes: options.scopes.split(',').map((scope) => scope.trim()),
    expiresAt: options.expires === undefined ? null : parseInstant(options.expires),
  };
  const secret = await atWorkplace(async (place) =>
    place.kind === 'server' ? createThrough(place.server, input) : (await createToken(place.instance, input, COMMAND_LINE)).secret,
  );
  process.stdout.write(`${secret}\n`);
}

/** `lazaret token list`: newest first. */
export async function runTokenList({ json }: { json?: boolean }): Promise<void> {
  const tokens = await atWorkplace((place) => (place.kind === 'server' ? listThrough(place.server) : listFrom(place.instance)));
  for (const token of tokens) process.stdout.write(`${json ? JSON.stringify(token) : lineOf(token)}\n`);
}

/** `lazaret token revoke`: by the id that `list` shows. */
export async function runTokenRevoke(id: string): Promise<void> {
  await atWorkplace(async (place) => {
    if (place.kind === 'server') await revokeThrough(place.server, id);
    else await revokeToken(place.instance, parseId(id), COMMAND_LINE);
  });
  process.stdout.write(`revoked ${id}\n`);
}

async function createThrough(server: RunningServer, input: object): Promise<string> {
  const { createToken: result } = await server.graphql<{ createToken: { secret?: string; message?: string } }>(
    'mutation ($input: CreateTokenInput!) { createToken(input: $input) { ... on CreatedToken { secret } ... on Error { message } } }',
    { input },
  );
  if (result.secret === undefined) throw new InvalidInputError(result.message ?? 'the token was refused');
  return result.secret;
}

const TOKEN_FIELDS = 'id name prefix scopes createdAt expiresAt lastUsedAt revokedAt';

async function listThrough(server: RunningServer): Promise<ShownToken[]> {
  const { tokens } = await server.graphql<{ tokens: ShownToken[] }>(`{ tokens { ${TOKEN_FIELDS} } }`);
  return tokens.map((token) => ({ ...token, id: plainId(token.id) }));
}

async function revokeThrough(server: RunningServer, id: string): Promise<void> {
  const { revokeToken: result } = await server.graphql<{ revokeToken: { message?: string } }>(
    'mutation ($id: ID!) { revokeToken(id: $id) { ... on Error { message } } }',
    { id: Buffer.from(`Token:${parseId(id)}`).toString('base64url') },
  );
  if (result.message !== undefined) throw new CommandError(EXIT.refused, result.message);
}

async function listFrom(instance: Instance): Promise<ShownToken[]> {
  return (await listTokens(instance)).map(shown);
}

function shown({ id, createdAt, expiresAt, lastUsedAt, revokedAt, ...token }: ListedToken): ShownToken {
  const text = (date: Date | null) => date?.toISOString() ?? null;
  return {
    ...token,
    id: String(id),
    createdAt: createdAt.toISOString(),
    expiresAt: text(expiresAt),
    lastUsedAt: text(lastUsedAt),
    revokedAt: text(revokedAt),
  };
}

function lineOf({ id, name, prefix, scopes, expiresAt, lastUsedAt, revokedAt }: ShownToken): string {
  const state = revokedAt ? `revoked ${revokedAt}` : expiresAt ? `expires ${expiresAt}` : 'valid';
  return [id.padStart(4), `${prefix}...`, state, lastUsedAt ? `used ${lastUsedAt}` : 'never used', scopes.join(','), name].join('  ');
}

/** The API's ids name their type; at the terminal the number is enough. */
const plainId = (id: string): string => Buffer.from(id, 'base64url').toString().split(':')[1] ?? id;

function parseId(text: string): bigint {
  if (!/^[1-9]\d{0,17}$/.test(text))
    throw new CommandError(EXIT.usage, `${JSON.stringify(text)} is no id of a token; "lazaret token list" shows them`);
  return BigInt(text);
}

function parseInstant(text: string): Date {
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) || !beginsWithDay(text) || Number.isNaN(date.getTime())) {
    throw new CommandError(EXIT.usage, '--expires takes an instant such as 2027-01-31T12:00:00Z');
  }
  return date;
}
