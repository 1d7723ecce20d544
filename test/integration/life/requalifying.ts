/** A life in which failures come in, rules change and failures are judged anew. */

import type { Requalification } from '../../../src/generated/prisma/client.ts';
import { backgroundWorkEnded } from '../../../src/operations/background-work.ts';
import type { DeliveryResultItem } from '../../../src/operations/check-delivery-result.ts';
import { createQualificationRule, type QualificationRuleInput } from '../../../src/operations/create-qualification-rule.ts';
import type { Instance } from '../../../src/operations/instance.ts';
import { type RequalifyInput, requalify } from '../../../src/operations/requalify.ts';
import { requalificationName } from '../../../src/operations/run-requalification.ts';
import type { SliceOptions } from '../../../src/operations/run-slices.ts';
import { updateQualification } from '../../../src/operations/update-qualification.ts';
import { sql } from '../../../src/store/database.ts';
import { readDeliveryCounters } from '../../../src/store/delivery-counters.ts';
import type { RequalificationFilter } from '../../../src/store/filters/requalification-filter.ts';
import { aResult, record } from '../../support/feedback-instance.ts';
import { type Life, OPERATOR, openLife } from './life.ts';

/** Hard until `OUTAGE_RULE` is there. */
export const OUTAGE = '550 5.1.1 zqvx user unknown, directory unreachable';
/** Undefined until somebody says what it is. */
export const UNKNOWN = '599 zqvx blorf wibble';
export const OUTAGE_RULE: QualificationRuleInput = {
  name: 'Outage',
  patterns: ['directory unreachable'],
  type: 'SOFT',
  reason: 'UNREACHABLE',
  fault: 'INFRASTRUCTURE',
};

const START = '2025-03-06T12:00:00Z';

export class RequalifyingLife {
  /** Of the addresses of this test; filters are narrowed to it. */
  domain = '';
  /** A node that knows the rules of now: they are held in memory for half a second. */
  instance: Instance;
  readonly #life: Life;
  #made = 0;

  constructor(life: Life) {
    this.#life = life;
    this.instance = life.instance;
  }

  /** For the next test: an own domain, no rules, no edited texts, and the clock at its start. */
  async begin(): Promise<void> {
    this.#made += 1;
    this.domain = `d${this.#made}.example`;
    this.#life.setNow(START);
    const { database } = this.instance;
    await database.execute(sql`DELETE FROM qualification_rule WHERE origin = 'USER'`);
    await database.execute(sql`UPDATE qualification SET edited_by_user = false, status = 'TO_QUALIFY'`);
    await this.anotherNode();
  }

  setNow(at: string): void {
    this.#life.setNow(at);
  }

  close(): Promise<void> {
    return this.#life.close();
  }

  async anotherNode(): Promise<Instance> {
    this.#made += 1;
    this.instance = await this.#life.otherNode(`node ${this.#made}`);
    return this.instance;
  }

  anAddress(): string {
    this.#made += 1;
    return `p${this.#made}@${this.domain}`;
  }

  async fail(address: string, text: string, day: number, item: Partial<DeliveryResultItem> = {}): Promise<string> {
    const outcome = await record(this.instance, aResult({ address, text, occurredAt: march(day), ...item }));
    if (!outcome.accepted) throw new Error('the result was refused');
    return address;
  }

  async addRule(rule: QualificationRuleInput = OUTAGE_RULE): Promise<void> {
    await createQualificationRule(this.instance, rule, OPERATOR);
    await this.anotherNode();
  }

  async edit(text: string, change: Omit<Parameters<typeof updateQualification>[1], 'id'>): Promise<void> {
    const [row] = await this.instance.database.query<{ id: bigint }>(sql`SELECT id FROM qualification WHERE first_text = ${text}`);
    await updateQualification(this.instance, { id: row?.id ?? 0n, ...change }, OPERATOR);
    await this.anotherNode();
  }

  /** `filter`: beside the domain of the test. */
  async requalify(
    input: Partial<Omit<RequalifyInput, 'filter'>> & { filter?: Partial<RequalificationFilter> } = {},
    options: SliceOptions = {},
  ): Promise<Requalification> {
    const filter = { occurredAt: { from: march(1, 0) }, domain: [this.domain], ...input.filter };
    const id = await requalify(this.instance, { dryRun: false, ...input, filter }, OPERATOR, options);
    await backgroundWorkEnded(this.instance, requalificationName(id));
    return this.rowOf(id);
  }

  rowOf(id: bigint): Promise<Requalification> {
    return this.instance.database.prisma.requalification.findUniqueOrThrow({ where: { id } });
  }

  async countersOf(deliveryId: bigint): Promise<Readonly<Record<string, number>> | undefined> {
    return (await readDeliveryCounters(this.instance.database, [deliveryId]))[0]?.amounts;
  }
}

export async function openRequalifyingLife(): Promise<RequalifyingLife> {
  return new RequalifyingLife(await openLife(START));
}

export const march = (day: number, hour = 8) => new Date(Date.UTC(2025, 2, day, hour));
