import { type GraphQLObjectType, isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { createToken } from '../../src/operations/create-token.ts';
import { SCOPES, type Scope } from '../../src/operations/scopes.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

/** Every root field with a call that does no harm, and the scope that opens it; null = any token. */
const READS: readonly (readonly [field: string, call: string, scope: Scope | null])[] = [
  ['node', 'node(id: "QXVkaXRFbnRyeTo5OTk5OTk5") { id }', null],
  ['failureReasons', 'failureReasons { reason }', null],
  ['profile', 'profile(externalId: "nobody") { id }', 'profiles:read'],
  ['profiles', 'profiles(first: 1) { edges { node { id } } }', 'profiles:read'],
  ['addresses', 'addresses(first: 1) { edges { node { id } } }', 'profiles:read'],
  ['quarantine', 'quarantine(first: 1) { edges { node { id } } }', 'quarantine:read'],
  ['quarantineHistory', 'quarantineHistory(channel: EMAIL, address: "no@body.example") { edges { node { id } } }', 'quarantine:read'],
  ['quarantineGrowth', 'quarantineGrowth(addressLifetimeYears: 3, annualGrowth: 0.5, years: 2) { label }', 'quarantine:read'],
  ['quarantineShare', 'quarantineShare(months: 1) { label domains { label } }', 'quarantine:read'],
  ['incidents', 'incidents(first: 1) { edges { node { id } } }', 'quarantine:read'],
  ['domainStatistics', 'domainStatistics(from: "2026-05-12T00:00:00Z", first: 1) { domain }', 'logs:read'],
  ['deliveries', 'deliveries(first: 1) { edges { node { id } } }', 'deliveries:read'],
  ['deliveryLogs', 'deliveryLogs(first: 1) { edges { node { id } } }', 'logs:read'],
  ['exclusionLogs', 'exclusionLogs(first: 1) { edges { node { id } } }', 'logs:read'],
  ['qualifications', 'qualifications(first: 1) { edges { node { id } } }', 'rules:read'],
  ['unqualifiedTexts', 'unqualifiedTexts(first: 1) { edges { node { id } } }', 'rules:read'],
  ['alerts', 'alerts(first: 1) { edges { node { id } } }', 'rules:read'],
  ['qualificationRules', 'qualificationRules { id }', 'rules:read'],
  ['qualify', 'qualify(input: { text: "550 user unknown" }) { reason }', 'rules:read'],
  ['previewRule', 'previewRule(input: { name: "Tried", patterns: ["x y"], type: SOFT, reason: REFUSED }) { matched }', 'rules:read'],
  ['unprovenReports', 'unprovenReports(first: 1) { edges { node { id } } }', 'quarantine:read'],
  ['requalifications', 'requalifications(first: 1) { edges { node { id } } }', 'rules:read'],
  ['mayContact', 'mayContact(input: [{ channel: EMAIL, address: "no@body.example" }]) { allowed }', 'check:read'],
  ['tokens', 'tokens { id }', 'admin'],
  ['auditLog', 'auditLog(first: 1) { edges { node { id } } }', 'admin'],
  ['jobs', 'jobs { name }', 'admin'],
  ['settings', 'settings { key }', 'admin'],
  ['privacyRequests', 'privacyRequests(first: 1) { edges { node { id } } }', 'admin'],
  ['privacyPreview', 'privacyPreview(subject: { namespace: EMAIL, value: "no@body.example" }) { addresses }', 'admin'],
];

const id = (type: string) => Buffer.from(`${type}:999999999`).toString('base64url');

const WRITES: readonly (readonly [field: string, call: string, scope: Scope])[] = [
  ['createProfile', 'createProfile(input: { externalId: "" }) { __typename }', 'profiles:write'],
  ['updateProfile', `updateProfile(input: { id: "${id('Profile')}" }) { __typename }`, 'profiles:write'],
  ['upsertProfiles', 'upsertProfiles(input: [{ externalId: "" }]) { results { accepted } }', 'profiles:write'],
  ['endImport', 'endImport(input: { source: "none", addresses: 0, inQuarantine: 0 }) { __typename }', 'profiles:write'],
  ['optOut', 'optOut(input: { externalId: "nobody" }) { __typename }', 'consent:write'],
  ['optIn', 'optIn(input: { externalId: "nobody" }) { __typename }', 'consent:write'],
  [
    'recordConsents',
    'recordConsents(input: [{ consent: { externalId: "nobody" }, optedOut: true }]) { results { accepted } }',
    'consent:write',
  ],
  ['createQuarantineEntry', 'createQuarantineEntry(input: { channel: EMAIL, address: "" }) { __typename }', 'quarantine:write'],
  ['updateQuarantineEntry', `updateQuarantineEntry(input: { id: "${id('QuarantineEntry')}" }) { __typename }`, 'quarantine:write'],
  ['deleteQuarantineEntry', `deleteQuarantineEntry(id: "${id('QuarantineEntry')}") { __typename }`, 'quarantine:write'],
  ['releaseQuarantine', 'releaseQuarantine(input: { filter: {}, dryRun: true }) { __typename }', 'quarantine:write'],
  ['undoRelease', `undoRelease(id: "${id('QuarantineRelease')}") { __typename }`, 'quarantine:write'],
  ['releaseIncident', `releaseIncident(id: "${id('Incident')}") { __typename }`, 'quarantine:write'],
  ['closeIncident', `closeIncident(id: "${id('Incident')}") { __typename }`, 'quarantine:write'],
  ['createDelivery', 'createDelivery(input: { label: "", channel: EMAIL }) { __typename }', 'deliveries:write'],
  ...['prepareDelivery', 'startDelivery', 'pauseDelivery', 'resumeDelivery', 'stopDelivery'].map(
    (field) => [field, `${field}(id: "${id('Delivery')}") { __typename }`, 'deliveries:write'] as const,
  ),
  [
    'recordDeliveryResults',
    'recordDeliveryResults(input: [{ channel: EMAIL, address: "", outcome: FAILED, occurredAt: "2026-01-01T00:00:00Z" }]) { results { accepted } }',
    'ingest:write',
  ],
  ['ingestMessage', 'ingestMessage(raw: "") { __typename }', 'ingest:write'],
  ['updateQualification', `updateQualification(input: { id: "${id('MessageQualification')}" }) { __typename }`, 'rules:write'],
  [
    'qualifyAlike',
    `qualifyAlike(input: { id: "${id('MessageQualification')}", type: SOFT, reason: REFUSED }) { __typename }`,
    'rules:write',
  ],
  ['createQualificationRule', 'createQualificationRule(input: { name: "", type: SOFT, reason: REFUSED }) { __typename }', 'rules:write'],
  ['updateQualificationRule', `updateQualificationRule(input: { id: "${id('QualificationRule')}" }) { __typename }`, 'rules:write'],
  ['deleteQualificationRule', `deleteQualificationRule(id: "${id('QualificationRule')}") { __typename }`, 'rules:write'],
  ['acknowledgeAlerts', `acknowledgeAlerts(ids: ["${id('Alert')}"]) { __typename }`, 'rules:write'],
  ['resetQualificationRules', 'resetQualificationRules(input: { dryRun: true }) { restored }', 'rules:write'],
  ['updateDeliverabilityRules', 'updateDeliverabilityRules { tasks { name } }', 'rules:write'],
  ['countUnprovenReport', `countUnprovenReport(id: "${id('UnprovenReport')}") { __typename }`, 'quarantine:write'],
  ['dismissUnprovenReport', `dismissUnprovenReport(id: "${id('UnprovenReport')}") { __typename }`, 'quarantine:write'],
  [
    'requalify',
    'requalify(input: { filter: { occurredAt: { from: "2026-01-01T00:00:00Z" }, domain: ["no.example"] }, dryRun: true }) { __typename }',
    'rules:write',
  ],
  ['undoRequalification', `undoRequalification(id: "${id('Requalification')}") { __typename }`, 'rules:write'],
  ['runCleanup', 'runCleanup { tasks { name } }', 'admin'],
  ['updateSetting', 'updateSetting(input: { key: "no such setting", value: "1" }) { __typename }', 'admin'],
  ['createPrivacyRequest', 'createPrivacyRequest(input: { type: DELETE, subject: { externalId: "nobody" } }) { __typename }', 'admin'],
  ['confirmErasure', `confirmErasure(id: "${id('PrivacyRequest')}") { __typename }`, 'admin'],
  ['cancelErasure', `cancelErasure(id: "${id('PrivacyRequest')}") { __typename }`, 'admin'],
  ['liftErasureBlock', 'liftErasureBlock(input: { externalId: "nobody" }) { __typename }', 'admin'],
  ['createToken', 'createToken(input: { name: "", scopes: [] }) { __typename }', 'admin'],
  ['revokeToken', `revokeToken(id: "${id('Token')}") { __typename }`, 'admin'],
];

let app: TestApp;
const tokens = new Map<string, string>();

beforeAll(async () => {
  app = await testApp();
});

/** One token for each set of scopes. */
async function tokenOf(scopes: readonly Scope[]): Promise<string> {
  const name = scopes.join(' ');
  const token = tokens.get(name) ?? (await createToken(app.instance, { name: 'scopes', scopes }, { name: 'test', tokenId: null })).secret;
  tokens.set(name, token);
  return token;
}

/** All scopes that must not open a field; null = there is none. */
function shutOut(wanted: Scope | null): Scope[] | null {
  if (wanted === null) return null;
  return SCOPES.filter((scope) => scope !== 'admin' && scope !== wanted && !(scope === 'logs:read' && wanted === 'deliveries:read'));
}

const fieldsOf = (type: unknown) => (isObjectType(type) ? Object.keys((type as GraphQLObjectType).getFields()).sort() : []);

describe('every root field', () => {
  it('stands in the table of scopes', () => {
    expect(READS.map(([field]) => field).sort()).toEqual(fieldsOf(schema.getQueryType()));
    expect(WRITES.map(([field]) => field).sort()).toEqual(fieldsOf(schema.getMutationType()));
  });

  it.each([...READS.map((row) => ['query', ...row] as const), ...WRITES.map((row) => ['mutation', ...row] as const)])(
    'the %s %s is open to its scope and to admin, shut to all others and to nobody',
    async (kind, _field, call, wanted) => {
      const document = `${kind} { ${call} }`;
      const opening: Scope[] = [wanted ?? 'metrics:read', 'admin', ...(wanted === 'deliveries:read' ? (['logs:read'] as const) : [])];
      for (const scope of opening) {
        const { errors } = await app.graphql(document, {}, await tokenOf([scope]));
        expect([scope, errors]).toEqual([scope, undefined]);
      }
      const others = shutOut(wanted);
      if (others) {
        const { errors } = await app.graphql(document, {}, await tokenOf(others));
        expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
      }
      const unsigned = await app.graphql(document, {}, null);
      expect([unsigned.status, unsigned.errors?.[0]?.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    },
  );
});
