import type { Channel, FailureReason, IncidentState } from '../../domain/vocabulary.ts';
import { type Sql, sql } from '../database.ts';
import { and } from '../page.ts';
import { enumConditions, type List, listConditions } from './conditions.ts';
import { domainList, oneOf } from './quarantine-filter.ts';

export interface IncidentFilter {
  readonly state?: List<IncidentState>;
  readonly channel?: List<Channel>;
  readonly domain?: List<string>;
  readonly reason?: List<FailureReason>;
}

/** Condition on `c`, an incident. */
export function incidentCondition(filter: IncidentFilter): Sql {
  return and([
    ...enumConditions(sql`c.state`, filter.state, 'filter.state'),
    ...enumConditions(sql`c.channel`, filter.channel, 'filter.channel'),
    ...listConditions(sql`c.domain`, domainList(filter.domain), 'filter.domain'),
    ...enumConditions(sql`c.reason`, filter.reason, 'filter.reason'),
  ]);
}

/** What of an incident a filter looks at. */
export interface IncidentRow {
  readonly state: IncidentState;
  readonly channel: Channel;
  readonly domain: string;
  readonly reason: FailureReason;
}

/** The same filter for rows in memory, worked out once. */
export function incidentMatcher(filter: IncidentFilter): (row: IncidentRow) => boolean {
  const tests = [
    oneOf<IncidentRow>(filter.state, 'filter.state', ({ state }) => state),
    oneOf<IncidentRow>(filter.channel, 'filter.channel', ({ channel }) => channel),
    oneOf<IncidentRow>(domainList(filter.domain), 'filter.domain', ({ domain }) => domain),
    oneOf<IncidentRow>(filter.reason, 'filter.reason', ({ reason }) => reason),
  ];
  return (row) => tests.every((one) => one(row));
}
