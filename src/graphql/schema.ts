import { builder } from './builder.ts';
import './types/node.ts';
import './types/profile.ts';
import './types/profile-actions.ts';
import './types/quarantine.ts';
import './types/quarantine-actions.ts';
import './types/delivery.ts';
import './types/delivery-actions.ts';
import './types/delivery-log.ts';
import './types/exclusion-log.ts';
import './types/qualification.ts';
import './types/rule.ts';
import './types/rule-actions.ts';
import './types/verdict.ts';
import './types/feedback.ts';
import './types/ingested-message.ts';
import './types/contact.ts';
import './types/failure-reason.ts';
import './types/growth.ts';
import './types/token.ts';
import './types/audit.ts';
import './types/job.ts';
import './types/setting.ts';
import './types/release.ts';
import './types/release-actions.ts';
import './types/subscription.ts';

/** The whole API. Each file of types/ adds its part by being imported. */
export const schema = builder.toSchema();
