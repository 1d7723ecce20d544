import type { Channel, FailureReason, FailureType, Fault, QualificationStatus, RuleOrigin } from '../vocabulary.ts';

/** A rule as it stands in the table of rules (QUA-6): any of the strings, or one regular expression. */
export interface QualificationRuleData {
  readonly name: string;
  readonly position: number;
  readonly patterns: readonly string[];
  readonly regex: string | null;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  readonly active: boolean;
  /** Matches and counts, decides nothing. */
  readonly shadow: boolean;
  readonly origin: RuleOrigin;
}

/** A qualification row that a person edited: it decides before any rule (amendment A12). */
export interface EditedQualification {
  readonly channel: Channel;
  readonly md5: string;
  readonly type: FailureType;
  readonly reason: FailureReason;
  readonly fault: Fault;
  /** IGNORE: a failure with this text never counts (QUA-7). */
  readonly status: QualificationStatus;
}

/** Why a rule does not compile. */
export interface RuleError {
  readonly rule: string;
  readonly message: string;
}
