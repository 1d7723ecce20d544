import type { Channel, DeliveryState, FailureReason, FailureType, QualificationStatus } from '../../domain/vocabulary.ts';
import { type Sql, sql } from '../database.ts';
import { and } from '../page.ts';
import { enumConditions, type InstantRange, type List, rangeConditions, type TextFilter, textConditions } from './conditions.ts';

export interface DeliveryFilter {
  readonly label?: TextFilter | null | undefined;
  readonly channel?: List<Channel>;
  readonly state?: List<DeliveryState>;
  readonly createdAt?: InstantRange | null | undefined;
}

/** Condition on `c`, a delivery. */
export function deliveryCondition(filter: DeliveryFilter): Sql {
  return and([
    ...textConditions([sql`c.label`], filter.label, 'filter.label'),
    ...enumConditions(sql`c.channel`, filter.channel, 'filter.channel'),
    ...enumConditions(sql`c.state`, filter.state, 'filter.state'),
    ...rangeConditions(sql`c.created_at`, filter.createdAt, 'filter.createdAt'),
  ]);
}

export interface QualificationFilter {
  readonly text?: TextFilter | null | undefined;
  readonly status?: List<QualificationStatus>;
  readonly type?: List<FailureType>;
  readonly reason?: List<FailureReason>;
  readonly channel?: List<Channel>;
}

/** Condition on `c`, a qualification. */
export function qualificationCondition(filter: QualificationFilter): Sql {
  return and([
    ...textConditions([sql`c.text`], filter.text, 'filter.text'),
    ...enumConditions(sql`c.status`, filter.status, 'filter.status'),
    ...enumConditions(sql`c.type`, filter.type, 'filter.type'),
    ...enumConditions(sql`c.reason`, filter.reason, 'filter.reason'),
    ...enumConditions(sql`c.channel`, filter.channel, 'filter.channel'),
  ]);
}
