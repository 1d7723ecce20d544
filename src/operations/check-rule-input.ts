import { ConflictError, InvalidInputError } from '../domain/errors.ts';
import { checkRule, type RuleDraft } from '../domain/qualification/check-rule.ts';
import type { Fault } from '../domain/vocabulary.ts';
import { hasSqlState } from '../store/database.ts';
import { FIRST_BUILT_IN_POSITION } from './rule-books.ts';

const UNIQUE_VIOLATION = '23505';

/**
 * Checks a user's rule as a whole.
 *
 * @returns its fault: that of the reason where none is given
 * @throws InvalidInputError with the field and all that stands against it
 */
export function checkedRule(draft: RuleDraft): Fault {
  for (const [field, texts] of [
    ['name', [draft.name]],
    ['patterns', draft.patterns],
    ['regex', [draft.regex ?? '']],
  ] as const) {
    if (texts.some((text) => /[\0\p{Cs}]/u.test(text))) {
      throw new InvalidInputError('This contains a NUL character or half of a surrogate pair.', field);
    }
  }
  const check = checkRule(draft);
  if (check.ok) return check.fault;
  throw new InvalidInputError(check.messages.join(' '), fieldOf(check.messages[0] ?? '', draft));
}

/** The message tells which field it is about. */
function fieldOf(message: string, draft: RuleDraft): string {
  if (message.includes('name')) return 'name';
  if (message.includes('reason')) return 'reason';
  return draft.regex === null ? 'patterns' : 'regex';
}

/** Users' rules stand before the shipped ones, whatever their order among themselves (amendment A12). */
export function checkPosition(position: number, builtIn: boolean): void {
  const [least, most] = builtIn ? [FIRST_BUILT_IN_POSITION, 2 * FIRST_BUILT_IN_POSITION - 1] : [0, FIRST_BUILT_IN_POSITION - 1];
  if (Number.isInteger(position) && position >= least && position <= most) return;
  const whose = builtIn ? 'The shipped rules are tried after those of users' : "Users' rules are tried before the shipped ones";
  throw new InvalidInputError(`${whose}: their positions are whole numbers from ${least} to ${most}.`, 'position');
}

/** Runs the statement that names a rule; a name that is taken is refused in words. */
export async function withUniqueName<T>(name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!hasSqlState(error, UNIQUE_VIOLATION)) throw error;
    throw new ConflictError(`There is a rule named ${name} already.`);
  }
}
