/** What a token may do: contract/README.md, "Authentication". `admin` covers all the others. */
export const SCOPES = [
  'profiles:read',
  'profiles:write',
  'consent:write',
  'quarantine:read',
  'quarantine:write',
  'deliveries:read',
  'deliveries:write',
  'logs:read',
  'rules:read',
  'rules:write',
  'check:read',
  'ingest:write',
  'metrics:read',
  'admin',
] as const;

export type Scope = (typeof SCOPES)[number];

export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

/** `logs:read` shows what `deliveries:read` shows; `admin` shows and does everything. */
export function mayUse(scopes: ReadonlySet<Scope>, wanted: Scope): boolean {
  if (scopes.has('admin') || scopes.has(wanted)) return true;
  return wanted === 'deliveries:read' && scopes.has('logs:read');
}
