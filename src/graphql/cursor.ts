import type { PageKey } from '../store/page.ts';
import { badInput } from './bad-input.ts';

const VERSION = 1;
const LARGEST = 9_223_372_036_854_775_807n;
/** What `readPage` gives out as the value of a key: an integer, an instant or minus infinity. */
const VALUE = /^(?:-?\d{1,15}|-infinity|\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,6})?\+00)$/;

/** A place in one list: where the row `key` stands or stood. It stays valid when that row is gone. */
export function encodeCursor(list: string, key: PageKey): string {
  const parts = [VERSION, list, key.id.toString(), ...(key.value === null ? [] : [key.value])];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @param list the list with its order: a cursor of another one would point to a wrong place, so it is refused */
export function decodeCursor(list: string, text: string, argument: string): PageKey {
  const parts = parse(text);
  const [version, name, id, value = null] = parts ?? [];
  if (version !== VERSION || typeof name !== 'string' || !isId(id) || !isValue(value)) {
    throw badInput(`The argument "${argument}" is not a cursor that this server gave out.`);
  }
  if (name !== list) throw badInput(`The argument "${argument}" is a cursor of another list, or of this one in another order.`);
  return { id: BigInt(id), value };
}

function parse(text: string): unknown[] | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    const canonical = Buffer.from(JSON.stringify(parts)).toString('base64url') === text;
    return Array.isArray(parts) && canonical && parts.length <= 4 ? parts : null;
  } catch {
    return null;
  }
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && /^[1-9][0-9]{0,18}$/.test(id) && BigInt(id) <= LARGEST;
}

function isValue(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && VALUE.test(value) && (!value.includes(':') || isInstant(value)));
}

function isInstant(value: string): boolean {
  return !Number.isNaN(Date.parse(value.replace(' ', 'T').replace(/\+00$/, 'Z')));
}
