import { planRuleReset, type RuleReset } from '../domain/qualification/plan-rule-reset.ts';
import { bumpRevision } from '../store/revision.ts';
import { deleteRulesOf, lockRules, writeShippedRules } from '../store/rule-rows.ts';
import type { Actor, Instance } from './instance.ts';
import { recordAudit } from './record-audit.ts';
import { shippedRules } from './rule-books.ts';

export interface ResetRulesInput {
  /** Users' rules go too: they are gone for good. */
  readonly removeUserRules: boolean;
  /** Says what it would change, and changes nothing. */
  readonly dryRun: boolean;
}

/**
 * Brings the rules back to the defaults (amendment A2, asked for explicitly): the shipped rules stand as they ship, switched on and in
 * their order, and rules of deliverability updates are gone. Takes effect on all nodes within a second. Users' rules stay unless the input
 * says otherwise.
 *
 * Never touches what people said of single texts; a text that is still KEEP makes its rule again with the next deliverability update.
 *
 * @returns what it changed, or would
 */
export async function resetQualificationRules(instance: Instance, input: ResetRulesInput, actor: Actor): Promise<RuleReset> {
  const shipped = shippedRules();
  const now = instance.now();
  return instance.database.transaction(async (tx) => {
    const plan = planRuleReset(await lockRules(tx), shipped, input.removeUserRules);
    if (input.dryRun) return plan;
    await deleteRulesOf(tx, 'DELIVERABILITY_UPDATE', plan.removedUpdates);
    await deleteRulesOf(tx, 'USER', plan.removedOwn);
    const restored = shipped.filter(({ name }) => plan.restored.includes(name));
    await writeShippedRules(tx, restored, 'reset', now);
    const { keptOwn, ...changes } = plan;
    await recordAudit(tx, actor, 'qualificationRule.reset', 'QualificationRule', { ...changes, keptUserRules: keptOwn.length }, now);
    await bumpRevision(tx, 'rules');
    return plan;
  });
}
