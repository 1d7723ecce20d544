import { builder } from './builder.ts';
import './types/node.ts';
import './types/profile.ts';
import './types/quarantine.ts';
import './types/delivery.ts';
import './types/delivery-log.ts';
import './types/exclusion-log.ts';
import './types/qualification.ts';
import './types/growth.ts';
import './types/failure-reason.ts';
import './types/token.ts';
import './types/audit.ts';
import './types/verdict.ts';

/** The whole API. Each file of types/ adds its part by being imported. */
export const schema = builder.toSchema();
