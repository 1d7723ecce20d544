/**
 * The words of the field, each used one way in every layer: column, API and button.
 *
 * The lists equal the enumerations of the API contract; technical values are the vendor's numbers where they are documented
 * (spec 2.1, amendment A10). The database's enumerations are checked against these lists by a test.
 */

export const CHANNELS = ['EMAIL', 'SMS', 'PHONE', 'DIRECT_MAIL', 'FAX', 'PUSH', 'OTHER'] as const;
export type Channel = (typeof CHANNELS)[number];

export const ADDRESS_STATUSES = ['UNKNOWN', 'ERRONEOUS', 'VALID', 'DENYLISTED', 'QUARANTINE', 'ALLOWLISTED'] as const;
export type AddressStatus = (typeof ADDRESS_STATUSES)[number];

export const FAILURE_TYPES = ['UNDEFINED', 'SOFT', 'HARD', 'IGNORED'] as const;
export type FailureType = (typeof FAILURE_TYPES)[number];

export const FAILURE_REASONS = [
  'UNDEFINED',
  'USER_UNKNOWN',
  'INVALID_DOMAIN',
  'UNREACHABLE',
  'ACCOUNT_DISABLED',
  'MAILBOX_FULL',
  'NOT_CONNECTED',
  'ADDRESS_UNDEFINED',
  'DENYLISTED',
  'QUARANTINED',
  'DUPLICATE',
  'EXCLUDED_BY_SQL_RULE',
  'EXCLUDED_BY_ARBITRATION',
  'BAD_QUALITY_ADDRESS',
  'UNQUALIFIED_ADDRESS',
  'NOT_ELIGIBLE_FOR_OFFERS',
  'TARGET_LIMITED',
  'REFUSED',
  'ERROR_IGNORED',
  'CONTROL_GROUP',
  'EXPIRED',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** Whose fault a failure is. Faults of SENDER and CONTENT never count against an address (amendment A3). */
export const FAULTS = ['RECIPIENT', 'SENDER', 'CONTENT', 'INFRASTRUCTURE', 'UNDETERMINED'] as const;
export type Fault = (typeof FAULTS)[number];

export const MESSAGE_STATUSES = [
  'IGNORED',
  'SENT',
  'FAILED',
  'TAKEN_INTO_ACCOUNT',
  'RECEIVED_ON_MOBILE',
  'PENDING',
  'CANCELLED',
  'PREPARED',
  'SENT_TO_PROVIDER',
] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

export const DELIVERY_STATES = [
  'EDITION',
  'TARGET_PREP_PENDING',
  'TARGET_SELECTION',
  'TARGET_ARBITRATION',
  'TARGET_READY',
  'MESSAGE_PREP_PENDING',
  'MESSAGE_PREPARATION',
  'MESSAGE_READY',
  'PREPARATION_ERROR',
  'READY',
  'START_PENDING',
  'STARTED',
  'RETRY_PENDING',
  'RETRY_IN_PROGRESS',
  'PAUSE_REQUESTED',
  'PAUSE_IN_PROGRESS',
  'PAUSED',
  'STOPPED',
  'FAILED',
  'FINISHED',
  'DELETED',
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export const QUALIFICATION_STATUSES = ['TO_QUALIFY', 'KEEP', 'IGNORE'] as const;
export type QualificationStatus = (typeof QUALIFICATION_STATUSES)[number];

export const RULE_ORIGINS = ['BUILT_IN', 'DELIVERABILITY_UPDATE', 'USER'] as const;
export type RuleOrigin = (typeof RULE_ORIGINS)[number];

export const EVENT_ORIGINS = ['SYNC', 'ASYNC', 'FEEDBACK_LOOP', 'STATUS_REPORT', 'WEBHOOK', 'API'] as const;
export type EventOrigin = (typeof EVENT_ORIGINS)[number];

export const QUARANTINE_SOURCES = [
  'BOUNCE_SYNC',
  'BOUNCE_ASYNC',
  'FEEDBACK_LOOP',
  'SMS_STOP',
  'PUSH',
  'MANUAL',
  'IMPORT',
  'RETURN_TO_SENDER',
] as const;
export type QuarantineSource = (typeof QUARANTINE_SOURCES)[number];

export const CONSENT_SOURCES = [
  'OPERATOR',
  'LANDING_PAGE',
  'UNSUBSCRIBE_LINK',
  'ONE_CLICK',
  'MAILTO',
  'IMPORT',
  'RETURN_TO_SENDER',
  'API',
] as const;
export type ConsentSource = (typeof CONSENT_SOURCES)[number];

export const RELEASE_MODES = ['SET_VALID', 'DELETE'] as const;
export type ReleaseMode = (typeof RELEASE_MODES)[number];

export const JOB_STATES = ['RUNNING', 'DONE', 'FAILED'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Of a report without proof (amendment A11): kept and not counted, counted after all, or never to be counted. */
export const UNPROVEN_REPORT_STATES = ['HELD', 'COUNTED', 'DISMISSED'] as const;

/** Of a requalification: past failures are judged anew, then their addresses recomputed; an undo puts back. */
export const REQUALIFICATION_PHASES = ['EXAMINE', 'APPLY', 'UNDO'] as const;
export type RequalificationPhase = (typeof REQUALIFICATION_PHASES)[number];

export const DELIVERY_OUTCOMES = ['DELIVERED', 'FAILED', 'DELAYED', 'COMPLAINT', 'AUTO_REPLY', 'UNSUBSCRIBE', 'STOP'] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

export const MESSAGE_KINDS = ['BOUNCE', 'DELAY', 'COMPLAINT', 'AUTO_REPLY', 'UNSUBSCRIBE', 'DELIVERED', 'OTHER'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

export const EXCLUSION_SCOPES = ['PROFILE', 'ADDRESS'] as const;
export type ExclusionScope = (typeof EXCLUSION_SCOPES)[number];

/** What staff is alerted to: an unknown text that came again (QUA-9), an import of which too much is in quarantine already. */
export const ALERT_KINDS = ['UNKNOWN_TEXT', 'IMPORT_IN_QUARANTINE'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export const INCIDENT_STATES = ['OPEN', 'CLOSED'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** CHANGED: its figures. RELEASED: a release of what it hit has begun. */
export const INCIDENT_EVENT_KINDS = ['OPENED', 'CHANGED', 'RELEASED', 'CLOSED'] as const;
export type IncidentEventKind = (typeof INCIDENT_EVENT_KINDS)[number];
export const PRIVACY_REGULATIONS = ['GDPR', 'CCPA', 'PDPA', 'LGPD'] as const;
export type PrivacyRegulation = (typeof PRIVACY_REGULATIONS)[number];

export const PRIVACY_REQUEST_TYPES = ['ACCESS', 'DELETE'] as const;
export type PrivacyRequestType = (typeof PRIVACY_REQUEST_TYPES)[number];

/** Those of RET-2 that happen here: a retry goes on under the status of the work itself. */
export const PRIVACY_REQUEST_STATUSES = [
  'NEW',
  'PROCESSING',
  'RETRY_PENDING',
  'DELETE_CONFIRMATION_PENDING',
  'DELETE_PENDING',
  'DELETE_IN_PROGRESS',
  'COMPLETE',
  'ERROR',
] as const;
export type PrivacyRequestStatus = (typeof PRIVACY_REQUEST_STATUSES)[number];

export const PRIVACY_NAMESPACES = ['EMAIL', 'PHONE', 'MOBILE_PHONE', 'PUSH_TOKEN', 'POSTAL_ADDRESS', 'OTHER'] as const;
export type PrivacyNamespace = (typeof PRIVACY_NAMESPACES)[number];

/** Makes a switch over a union exhaustive: the compiler refuses a case that is not handled. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${String(value)}`);
}
