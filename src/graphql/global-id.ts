import { badInput } from './bad-input.ts';

const LARGEST = 9_223_372_036_854_775_807n;

/** Names of the types that `node` finds. */
export const NODE_TYPES = [
  'Profile',
  'ConsentEvent',
  'Address',
  'QuarantineEntry',
  'QuarantineEvent',
  'Delivery',
  'DeliveryLog',
  'ExclusionLog',
  'MessageQualification',
  'QualificationRule',
  'Token',
  'AuditEntry',
  'QuarantineRelease',
  'Alert',
  'Incident',
  'PrivacyRequest',
  'Requalification',
  'UnprovenReport',
] as const;
export type NodeType = (typeof NODE_TYPES)[number];

export interface GlobalId {
  readonly type: NodeType;
  readonly id: bigint;
}

export function encodeGlobalId(type: NodeType, id: bigint): string {
  return Buffer.from(`${type}:${id}`).toString('base64url');
}

/** @returns null where the text is no id of ours: ids are opaque, so nothing but what `encodeGlobalId` gave out is taken */
export function parseGlobalId(text: string): GlobalId | null {
  const match = /^([A-Za-z]+):([1-9][0-9]{0,18})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  const type = NODE_TYPES.find((name) => name === match?.[1]);
  if (!type || !match?.[2]) return null;
  const id = BigInt(match[2]);
  return id <= LARGEST && encodeGlobalId(type, id) === text ? { type, id } : null;
}

/** @param argument path of the argument, for the sentence that the caller reads */
export function decodeGlobalId(type: NodeType, text: string, argument: string): bigint {
  const parsed = parseGlobalId(text);
  if (!parsed) throw badInput(`The argument "${argument}" is not an id that this server gave out.`);
  if (parsed.type !== type) throw badInput(`The argument "${argument}" is the id of a ${parsed.type}; one of a ${type} is needed.`);
  return parsed.id;
}

/** Of an optional argument: null and absent stay as they are. */
export function decodeOptionalId(type: NodeType, text: string | null | undefined, argument: string): bigint | null | undefined {
  return text === null || text === undefined ? text : decodeGlobalId(type, text, argument);
}
