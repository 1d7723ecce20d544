import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { DomainError } from '../domain/errors.ts';

/** Codes that yoga and graphql-js set, or leave out, for what is the caller's mistake. */
const CALLERS_MISTAKE = new Set(['BAD_REQUEST', 'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'PERSISTED_QUERY_NOT_FOUND']);

/** Says of a fault no more than where to look for it. */
export const faultMessage = (requestId: string): string => `Something went wrong on our side. The log has it under ${requestId}.`;

/**
 * What the caller is told: each error with its code; a fault without what it was, but with the request's id, under which it is logged
 * here, once.
 */
export function presentErrors(errors: readonly unknown[], requestId: string, log: Logger): GraphQLError[] {
  return errors.map((error) => presentError(error, requestId, log));
}

/** The same as they go over a WebSocket: what is meant for HTTP alone stays here. */
export function formatErrors(errors: readonly unknown[], requestId: string, log: Logger): GraphQLFormattedError[] {
  return presentErrors(errors, requestId, log).map((error) => {
    const { extensions = {}, ...formatted } = error.toJSON();
    const { http, unexpected, ...told } = extensions;
    return { ...formatted, extensions: told };
  });
}

function presentError(error: unknown, requestId: string, log: Logger): GraphQLError {
  const told = callersError(error);
  if (told) return told;
  log.error({ err: causeOf(error), requestId }, 'a request failed');
  const at = error instanceof GraphQLError ? error : null;
  // Only a fault of the whole request is answered 500: where fields failed, the rest of the answer stands.
  const http = at?.path ? {} : { http: { status: 500 } };
  return new GraphQLError(faultMessage(requestId), {
    nodes: at?.nodes ?? null,
    path: at?.path ?? null,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId, ...http },
  });
}

/** The error as the caller may see it; null = a fault. */
function callersError(error: unknown): GraphQLError | null {
  if (!(error instanceof GraphQLError)) return null;
  const { code } = error.extensions;
  if (typeof code === 'string') return CALLERS_MISTAKE.has(code) ? recoded(error) : error;
  if (isCallersMistake(error)) return recoded(error);
  return null;
}

/**
 * Without a path nothing was executed yet: syntax, validation, variables. With one, the argument of a field did not fit; what a resolver
 * returned and the schema refused also comes as a GraphQLError, but points at no place in the document.
 */
function isCallersMistake(error: GraphQLError): boolean {
  const cause = error.originalError;
  if (cause instanceof DomainError) return true;
  if (!error.path) return !cause || Boolean(error.nodes?.length);
  if (!cause) return true;
  return cause instanceof GraphQLError && (Boolean(cause.nodes?.length) || typeof cause.extensions.code === 'string');
}

function recoded(error: GraphQLError): GraphQLError {
  const { originalError, ...extensions } = error.extensions;
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { ...extensions, code: 'BAD_USER_INPUT' },
  });
}

const causeOf = (error: unknown): unknown => (error instanceof GraphQLError && error.originalError ? error.originalError : error);
