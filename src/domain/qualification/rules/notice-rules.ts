import type { BuiltInRule } from '../built-in-rule.ts';

/** Mail that only looks like a failure of an address. Tried before all other rules. */
export const NOTICE_RULES: readonly BuiltInRule[] = [
  {
    name: 'AOL_postmaster',
    type: 'IGNORED',
    reason: 'ERROR_IGNORED',
    fault: 'UNDETERMINED',
    patterns: [
      'aol postmaster … no action',
      'aol postmaster … confirmation',
      'aol postmaster … information only',
      'aol feedback loop … confirmation',
      'aol whitelist … confirmation',
    ],
    examples: ['A note of the AOL Postmaster for information only: your feedback loop was changed.'],
  },
  {
    name: 'Feedback_loop',
    type: 'HARD',
    reason: 'REFUSED',
    fault: 'RECIPIENT',
    patterns: [
      'feedback type abuse',
      'feedback type opt out',
      'this is an email abuse report',
      'abuse report for an email message',
      'spam complaint from',
      'jmrp complaint',
    ],
    examples: ['This is an email abuse report for an email message received from IP 192.0.2.1', 'Feedback-Type: abuse'],
  },
];
