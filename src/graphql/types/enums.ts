import * as words from '../../domain/vocabulary.ts';
import { builder } from '../builder.ts';

export const ChannelEnum = builder.enumType('Channel', {
  description: 'The way by which a message reaches a person.',
  values: words.CHANNELS,
});
export const AddressStatusEnum = builder.enumType('AddressStatus', {
  description: 'What the quarantine list says of an address. DENYLISTED and QUARANTINE shut it.',
  values: words.ADDRESS_STATUSES,
});
export const FailureTypeEnum = builder.enumType('FailureType', {
  description: 'How final a failure is: HARD quarantines at once, SOFT counts, IGNORED does nothing.',
  values: words.FAILURE_TYPES,
});
export const FailureReasonEnum = builder.enumType('FailureReason', {
  description: 'Why a message failed or a recipient was left out; `failureReasons` explains each.',
  values: words.FAILURE_REASONS,
});
export const FaultEnum = builder.enumType('Fault', {
  description: 'Whose fault a failure is. Faults of SENDER and CONTENT never count against an address.',
  values: words.FAULTS,
});
export const MessageStatusEnum = builder.enumType('MessageStatus', {
  description: 'What became of one message.',
  values: words.MESSAGE_STATUSES,
});
export const DeliveryStateEnum = builder.enumType('DeliveryState', {
  description: 'Where a delivery stands.',
  values: words.DELIVERY_STATES,
});
export const QualificationStatusEnum = builder.enumType('QualificationStatus', {
  description: 'What a person has made of a failure text: nothing yet, keep its verdict, or ignore its failures.',
  values: words.QUALIFICATION_STATUSES,
});
export const RuleOriginEnum = builder.enumType('RuleOrigin', { description: 'Where a rule came from.', values: words.RULE_ORIGINS });
export const EventOriginEnum = builder.enumType('EventOrigin', {
  description: 'By which way a result came in.',
  values: words.EVENT_ORIGINS,
});
export const QuarantineSourceEnum = builder.enumType('QuarantineSource', {
  description: 'What changed a quarantine entry last.',
  values: words.QUARANTINE_SOURCES,
});
export const ConsentSourceEnum = builder.enumType('ConsentSource', {
  description: 'Where a person said so.',
  values: words.CONSENT_SOURCES,
});
export const ReleaseModeEnum = builder.enumType('ReleaseMode', {
  description: 'What a release does to an entry: sets it VALID, or deletes it.',
  values: words.RELEASE_MODES,
});
export const JobStateEnum = builder.enumType('JobState', { description: 'Where a job stands.', values: words.JOB_STATES });
export const UnprovenReportStateEnum = builder.enumType('UnprovenReportState', {
  description:
    'HELD: it changes nothing. COUNTED: a person, or an authenticated door, has let it count. DISMISSED: a person has said that it never counts.',
  values: words.UNPROVEN_REPORT_STATES,
});
export const RequalificationPhaseEnum = builder.enumType('RequalificationPhase', {
  description: 'EXAMINE: past failures are judged anew. APPLY: their addresses are recomputed. UNDO: what was changed is put back.',
  values: words.REQUALIFICATION_PHASES,
});
export const SortDirectionEnum = builder.enumType('SortDirection', {
  description: 'ASC: smallest or oldest first.',
  values: ['ASC', 'DESC'] as const,
});
export const DeliveryOutcomeEnum = builder.enumType('DeliveryOutcome', {
  description:
    'What was reported of a message. DELIVERED and FAILED decide the status of its log. COMPLAINT and STOP put the address on the ' +
    'denylist (STOP: for the short code), UNSUBSCRIBE opts its profile out, DELAYED and AUTO_REPLY do nothing.',
  values: words.DELIVERY_OUTCOMES,
});
export const MessageKindEnum = builder.enumType('MessageKind', {
  description: 'What a raw message turned out to be.',
  values: words.MESSAGE_KINDS,
});
export const ExclusionScopeEnum = builder.enumType('ExclusionScope', {
  description: 'What shut a recipient out: the denylist flag of the person, or the quarantine entry of the address.',
  values: words.EXCLUSION_SCOPES,
});
export const AlertKindEnum = builder.enumType('AlertKind', {
  description:
    'What staff is alerted to. UNKNOWN_TEXT: a failure text that nobody has qualified came a second time. IMPORT_IN_QUARANTINE: too much of an ' +
    'import was in quarantine already.',
  values: words.ALERT_KINDS,
});
export const IncidentStateEnum = builder.enumType('IncidentState', {
  description: 'OPEN: new quarantines of its kind at its place are held back. CLOSED: they take place.',
  values: words.INCIDENT_STATES,
});
export const IncidentEventKindEnum = builder.enumType('IncidentEventKind', {
  description: 'What happened to an incident. CHANGED: its figures. RELEASED: a release of what it hit has begun.',
  values: words.INCIDENT_EVENT_KINDS,
});
