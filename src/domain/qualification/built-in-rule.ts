import type { Channel, FailureReason, FailureType, Fault } from '../vocabulary.ts';
import type { Vendor } from './vendors.ts';

/**
 * One rule of the shipped table.
 *
 * Patterns are fragments of the folded text (fold-text.ts): small letters, addresses as `*`, punctuation as a space. ` … `
 * stands for up to sixty characters in between, ` ‥ ` for up to sixteen; a leading or trailing space asks for a whole word.
 */
export interface BuiltInRule {
  readonly name: string;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly patterns: readonly string[];
  /** Fragments that keep the rule silent: the sentence means something else. */
  readonly unless?: readonly string[];
  /** Only where this receiver answered: known by its host name or by the shape of its text. */
  readonly vendor?: Vendor;
  /** Only where one of the enhanced status codes begins so, with a 2, 4 or 5 in front: `.2.1`, `.7.`. */
  readonly status?: readonly string[];
  /** Never where one of the enhanced status codes begins so. */
  readonly statusNot?: readonly string[];
  /** Only for temporary (4xx) or only for permanent answers. */
  readonly temporary?: boolean;
  /** The words are vague: the rule is tried after the enhanced status code (amendment A6). */
  readonly weak?: true;
  /** Single words, asked last and only of an answer that holds a reply code: in the prose of a notice they stand by chance. */
  readonly coded?: true;
  /** EMAIL unless said otherwise. */
  readonly channel?: Channel;
  /** Texts that this rule decides, each proven by a test. */
  readonly examples: readonly string[];
}
