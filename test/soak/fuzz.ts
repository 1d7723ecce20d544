import { defaultRuleBook } from '../../src/domain/qualification/rule-book.ts';
import { fuzzClassification } from '../unit/reports/fuzz-classification.ts';

/** 20,000 mutated messages: no crash, no hang, no growing memory. */
export const name = 'fuzz';

const MESSAGES = 20_000;
const MOST_MS = 1_000;

export async function run(): Promise<void> {
  const { slowestMs, slowestSeed, wrong } = fuzzClassification(defaultRuleBook(), MESSAGES);
  console.log(`      ${MESSAGES} messages, the slowest took ${Math.round(slowestMs)} ms`);
  if (wrong.length > 0) throw new Error(wrong.slice(0, 10).join('; '));
  if (slowestMs > MOST_MS) throw new Error(`the message of seed ${slowestSeed} took ${slowestMs} ms`);
}
