import { InvalidInputError } from '../../domain/errors.ts';
import { join, raw, type Sql, sql } from '../database.ts';

const LIST_MAX = 1_000;
const TEXT_MAX = 10_000;

/** All that are set must hold. */
export interface TextFilter {
  readonly eq?: string | null | undefined;
  readonly contains?: string | null | undefined;
  readonly startsWith?: string | null | undefined;
}

/** Both ends included. */
export interface InstantRange {
  readonly from?: Date | null | undefined;
  readonly to?: Date | null | undefined;
}

export type List<T> = readonly T[] | null | undefined;

/** The text as a LIKE pattern that means itself: `_`, `%` and `\` are no wildcards in filters. */
export function literal(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

/** @throws InvalidInputError for what PostgreSQL cannot hold, and so cannot compare either */
export function checkedText(text: string, field: string): string {
  if (text.length > TEXT_MAX)
    throw new InvalidInputError(`A text in a filter has at most ${TEXT_MAX} characters: "${field}" has more.`, field);
  if (text.includes('\0')) throw new InvalidInputError(`The text "${field}" contains a NUL character.`, field);
  if (!text.isWellFormed()) throw new InvalidInputError(`The text "${field}" contains half of a surrogate pair.`, field);
  return text;
}

/** Conditions on one text; `expressions`: any of them may fulfil it. */
export function textConditions(expressions: readonly Sql[], filter: TextFilter | null | undefined, field: string): Sql[] {
  const { eq, contains, startsWith } = filter ?? {};
  const conditions: Sql[] = [];
  const any = (test: (expression: Sql) => Sql) => sql`(${join(expressions.map(test), ' OR ')})`;
  if (isSet(eq)) {
    const text = checkedText(eq, `${field}.eq`);
    conditions.push(any((expression) => sql`${expression} = ${text}`));
  }
  for (const [name, text] of Object.entries({ contains, startsWith })) {
    if (!isSet(text)) continue;
    const pattern = `${name === 'contains' ? '%' : ''}${literal(checkedText(text, `${field}.${name}`))}%`;
    conditions.push(any((expression) => sql`${expression} LIKE ${pattern}`));
  }
  return conditions;
}

/**
 * A condition on a column of an enumeration. The values stand in the text of the statement, so that partial indexes are found.
 * @throws InvalidInputError for an empty list, which would match nothing, and for one that is too long
 */
export function enumConditions(column: Sql, values: List<string>, field: string): Sql[] {
  const list = checkedList(values, field);
  if (!list) return [];
  const names = [...new Set(list)].map((name) => {
    if (!/^[A-Z_]+$/.test(name)) throw new InvalidInputError(`"${field}" takes names of its enumeration only.`, field);
    return raw(`'${name}'`);
  });
  return names.length === 1 ? [sql`${column} = ${names[0]}`] : [sql`${column} IN (${join(names)})`];
}

export function listConditions(column: Sql, values: List<string>, field: string): Sql[] {
  const list = checkedList(values, field)?.map((text) => checkedText(text, field));
  if (!list) return [];
  return list.length === 1 ? [sql`${column} = ${list[0]}`] : [sql`${column} = ANY(${list}::text[])`];
}

export function checkedList<T>(values: List<T>, field: string): T[] | null {
  if (!isSet(values)) return null;
  if (values.length === 0) throw new InvalidInputError(`The list "${field}" is empty: leave it out to mean any.`, field);
  if (values.length > LIST_MAX) throw new InvalidInputError(`The list "${field}" has more than ${LIST_MAX} values.`, field);
  return [...values];
}

export function rangeConditions(column: Sql, range: InstantRange | null | undefined, field: string): Sql[] {
  const { from, to } = checkedRange(range, field);
  return [...(from ? [sql`${column} >= ${from}`] : []), ...(to ? [sql`${column} <= ${to}`] : [])];
}

export function checkedRange(range: InstantRange | null | undefined, field: string): { from: Date | null; to: Date | null } {
  const { from = null, to = null } = range ?? {};
  if (from && to && from > to) throw new InvalidInputError(`The time range "${field}" is upside down: "from" lies after "to".`, field);
  return { from, to };
}

export function isSet<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}
