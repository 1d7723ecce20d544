import { refusedMeaning } from '../failure/check-meaning.ts';
import type { FailureReason, FailureType, Fault } from '../vocabulary.ts';
import { defaultFault } from './default-fault.ts';
import { compileRegex } from './user-pattern.ts';

/** What a user may set of a rule. */
export interface RuleDraft {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly regex: string | null;
  readonly type: FailureType;
  readonly reason: FailureReason;
  /** Absent: that of the reason (amendment A3). */
  readonly fault?: Fault;
}

export const MOST_PATTERNS = 100;
export const MOST_PATTERN_CHARACTERS = 500;
export const MOST_REGEX_CHARACTERS = 1000;
const MOST_NAME_CHARACTERS = 100;

export type RuleCheck = { readonly ok: true; readonly fault: Fault } | { readonly ok: false; readonly messages: readonly string[] };

function checkPatterns(patterns: readonly string[]): readonly string[] {
  const messages: string[] = [];
  if (patterns.length > MOST_PATTERNS) messages.push(`A rule has at most ${MOST_PATTERNS} strings.`);
  if (patterns.some((pattern) => pattern.trim() === '')) messages.push('A string of a rule must not be empty: it would match every text.');
  if (patterns.some((pattern) => pattern.length > MOST_PATTERN_CHARACTERS)) {
    messages.push(`A string of a rule has at most ${MOST_PATTERN_CHARACTERS} characters.`);
  }
  return messages;
}

function checkRegex(regex: string): readonly string[] {
  if (regex.trim() === '') return ['The regular expression must not be empty: it would match every text.'];
  if (regex.length > MOST_REGEX_CHARACTERS) return [`A regular expression has at most ${MOST_REGEX_CHARACTERS} characters.`];
  const compiled = compileRegex(regex);
  if (!compiled.ok) return [compiled.message];
  return compiled.test('', '') ? ['The regular expression matches the empty text, so it would match every text.'] : [];
}

/**
 * Whether a user's rule can be used, with a sentence for each thing that stands against it.
 *
 * A rule has strings, of which any must be contained, or one regular expression, not both. Strings are taken literally and
 * whatever their case; the expression is RE2's, whose cost is linear (issue 4). Both read the raw text with white space collapsed. Its type
 * and reason are what a person may also say of a single text.
 */
export function checkRule(draft: RuleDraft): RuleCheck {
  const messages: string[] = [];
  if (draft.name.trim() === '') messages.push('A rule needs a name.');
  if (draft.name.length > MOST_NAME_CHARACTERS) messages.push(`The name of a rule has at most ${MOST_NAME_CHARACTERS} characters.`);
  if (draft.patterns.length === 0 && draft.regex === null) messages.push('A rule needs at least one string or a regular expression.');
  if (draft.patterns.length > 0 && draft.regex !== null) messages.push('A rule has strings or a regular expression, not both.');
  messages.push(...checkPatterns(draft.patterns));
  if (draft.regex !== null) messages.push(...checkRegex(draft.regex));
  const refusal = refusedMeaning(draft.type, draft.reason);
  if (refusal !== null) messages.push(refusal);
  return messages.length > 0 ? { ok: false, messages } : { ok: true, fault: draft.fault ?? defaultFault(draft.reason) };
}
