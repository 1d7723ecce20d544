import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { DomainError } from '../domain/errors.ts';

/** All codes of the API; what yoga and graphql-js call otherwise is the caller's mistake. */
const CODES = new Set([
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'TOO_COMPLEX',
  'CURSOR_EXPIRED',
  'INTERNAL_SERVER_ERROR',
]);

/** Says of a fault no more than where to look for it. */
export const faultMessage = (requestId: string): string => `Something went wrong on our side. The log has it under ${requestId}.`;

/**
 * What the caller is told: each error with its code; a fault without what it was, but with the request's id, under which it is logged
 * here, once.
 */
export interface ErrorPresenter {
  present(errors: readonly unknown[], requestId: string): GraphQLError[];
  /** As they go over a WebSocket: what is meant for HTTP alone stays here. */
  format(errors: readonly unknown[], requestId: string): GraphQLFormattedError[];
}

/** @param suggestions false = names of the schema are not given away by "Did you mean" */
export function openErrorPresenter(log: Logger, suggestions: boolean): ErrorPresenter {
  const clean = (message: string) => (suggestions ? message : message.replace(/\s*Did you mean .*$/s, ''));

  const presentOne = (error: unknown, requestId: string): GraphQLError => {
    if (error instanceof GraphQLError) {
      const code = codeOf(error);
      if (code !== null) return told(error, code, clean(error.message));
    }
    log.error({ err: causeOf(error), requestId }, 'a request failed');
    return masked(error, requestId);
  };

  const present = (errors: readonly unknown[], requestId: string) => errors.map((error) => presentOne(error, requestId));
  return { present, format: (errors, requestId) => present(errors, requestId).map(format) };
}

function format(error: GraphQLError): GraphQLFormattedError {
  const { extensions = {}, ...formatted } = error.toJSON();
  const { http: _, ...shown } = extensions;
  return { ...formatted, extensions: shown };
}

/** The code of what the caller may know of; null = a fault. */
function codeOf(error: GraphQLError): string | null {
  const { code } = error.extensions;
  if (typeof code === 'string') return CODES.has(code) ? code : 'BAD_USER_INPUT';
  return isCallersMistake(error) ? 'BAD_USER_INPUT' : null;
}

/**
 * Without a path nothing was executed yet: syntax, validation, variables. With one, the argument of a field did not fit; what a resolver
 * returned and the schema refused also comes as a GraphQLError, but points at no place in the document.
 */
function isCallersMistake(error: GraphQLError): boolean {
  const cause = error.originalError;
  if (cause instanceof DomainError) return true;
  if (!error.path) return !cause || Boolean(error.nodes?.length);
  return cause instanceof GraphQLError && (Boolean(cause.nodes?.length) || typeof cause.extensions.code === 'string');
}

/** A request of which nothing could be executed is 400, whatever kind of JSON the caller takes; else the rest of the answer stands. */
function told(error: GraphQLError, code: string, message: string): GraphQLError {
  const { originalError: _, unexpected: __, http, ...extensions } = error.extensions;
  const { spec: ___, ...answer } = http ?? {};
  return new GraphQLError(message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    path: error.path ?? null,
    extensions: { ...extensions, code, ...(error.path ? {} : { http: { status: 400, ...answer } }) },
  });
}

function masked(error: unknown, requestId: string): GraphQLError {
  const at = error instanceof GraphQLError ? error : null;
  return new GraphQLError(faultMessage(requestId), {
    nodes: at?.nodes ?? null,
    path: at?.path ?? null,
    extensions: { code: 'INTERNAL_SERVER_ERROR', requestId, ...(at?.path ? {} : { http: { status: 500 } }) },
  });
}

const causeOf = (error: unknown): unknown => (error instanceof GraphQLError && error.originalError ? error.originalError : error);
