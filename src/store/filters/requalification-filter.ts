import type { Channel, FailureReason, FailureType } from '../../domain/vocabulary.ts';
import { type Sql, sql } from '../database.ts';
import { and } from '../page.ts';
import { type AddressForms, addressConditions, addressTest } from './address-test.ts';
import {
  enumConditions,
  type InstantRange,
  type List,
  listConditions,
  rangeConditions,
  type TextFilter,
  textConditions,
} from './conditions.ts';
import { domainList } from './quarantine-filter.ts';

/** Which recorded failures are meant, by what they are taken for now. */
export interface RequalificationFilter {
  readonly occurredAt: InstantRange;
  readonly channel?: List<Channel>;
  readonly domain?: List<string>;
  readonly address?: TextFilter | null | undefined;
  /** The normalised text. */
  readonly text?: TextFilter | null | undefined;
  /** Of the normalised text. */
  readonly md5?: List<string>;
  readonly decidedBy?: List<string>;
  readonly type?: List<FailureType>;
  readonly reason?: List<FailureReason>;
}

const FIELD = 'input.filter';

/** Condition on `e`, a failure in the ledger of messages, but for the beginning of its time. */
export function requalificationCondition(filter: RequalificationFilter, forms: AddressForms): Sql {
  const test = addressTest(filter.address, filter.channel, forms, `${FIELD}.address`);
  const texts = [
    ...textConditions([sql`q.text`], filter.text, `${FIELD}.text`),
    ...listConditions(
      sql`q.md5`,
      filter.md5?.map((md5) => md5.trim().toLowerCase()),
      `${FIELD}.md5`,
    ),
  ];
  return and([
    ...rangeConditions(sql`e.occurred_at`, filter.occurredAt, `${FIELD}.occurredAt`),
    ...addressConditions(test, { address: sql`e.address`, key: sql`e.address_key`, channel: sql`e.channel` }),
    ...enumConditions(sql`e.channel`, filter.channel, `${FIELD}.channel`),
    ...listConditions(sql`e.domain`, domainList(filter.domain), `${FIELD}.domain`),
    ...listConditions(sql`e.decided_by`, filter.decidedBy, `${FIELD}.decidedBy`),
    ...enumConditions(sql`e.failure_type`, filter.type, `${FIELD}.type`),
    ...enumConditions(sql`e.failure_reason`, filter.reason, `${FIELD}.reason`),
    ...(texts.length === 0 ? [] : [sql`e.qualification_id IN (SELECT q.id FROM qualification q WHERE ${and(texts)})`]),
  ]);
}
