import { ConfigError } from '../config.ts';
import { DomainError } from '../domain/errors.ts';
import { InstanceError } from '../operations/open-instance.ts';
import { DataDirectoryError } from '../store/data-directory.ts';
import { hasSqlState } from '../store/database.ts';
import { MigrationError } from '../store/migrate.ts';
import { CommandError, EXIT } from './command-error.ts';

/** What the terminal is told, and the exit status. */
export interface Explanation {
  readonly exitCode: number;
  readonly text: string;
}

const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
const FILE_SYSTEM = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'ENOSPC', 'EEXIST', 'EISDIR']);
/** Wrong password or user, no such database, no right to connect, too many connections, server starting or ending. */
const REFUSED_BY_SERVER = ['28P01', '28000', '3D000', '42501', '53300', '57P03', '57P01'];

/** One sentence for what the person at the terminal can do something about; the whole error for what they cannot. */
export function explainError(error: unknown): Explanation {
  if (error instanceof CommandError) return { exitCode: error.exitCode, text: error.message };
  if (error instanceof ConfigError || error instanceof InstanceError) return { exitCode: EXIT.usage, text: error.message };
  if (error instanceof DataDirectoryError || error instanceof MigrationError) return { exitCode: EXIT.unreachable, text: error.message };
  if (error instanceof DomainError) return { exitCode: EXIT.refused, text: error.message };
  return explainSystemError(error);
}

function explainSystemError(error: unknown): Explanation {
  const { code, message, port } = firstCause(error);
  if (code === 'EADDRINUSE') return { exitCode: EXIT.usage, text: `the port ${port ?? ''} is taken; set PORT to another one` };
  if (code === 'EACCES' && port !== undefined)
    return { exitCode: EXIT.usage, text: `the port ${port} may not be opened by this user; set PORT to another one` };
  if (FILE_SYSTEM.has(code)) return { exitCode: EXIT.unreachable, text: `the data directory cannot be used: ${message}` };
  if (NETWORK.has(code) || hasSqlState(error, ...REFUSED_BY_SERVER)) {
    return { exitCode: EXIT.unreachable, text: `the database of DATABASE_URL cannot be reached: ${message || code}` };
  }
  if (/timeout exceeded when trying to connect|DATABASE_URL|time zone is/.test(message)) {
    return { exitCode: EXIT.unreachable, text: `the database of DATABASE_URL cannot be used: ${message}` };
  }
  return { exitCode: EXIT.refused, text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** Where a host has several addresses, each failed attempt is an error of its own inside of one. */
function firstCause(error: unknown): { code: string; message: string; port?: number } {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message, port } = (inner ?? {}) as { code?: unknown; message?: unknown; port?: unknown };
  return { code: String(code ?? ''), message: String(message ?? ''), ...(typeof port === 'number' ? { port } : {}) };
}
