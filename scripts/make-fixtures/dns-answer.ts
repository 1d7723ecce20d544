/** Answers DNS queries about the small internet of world.ts: MX, A and PTR; everything else exists without data or not at all. */
import { APPLICATION, MAIL_SERVER, SENDER, SITES, siteAddress } from './world.ts';

const TYPE = { A: 1, PTR: 12, MX: 15 } as const;
const CODE = { ok: 0, failed: 2, noSuchName: 3 } as const;

type Mx = { readonly preference: number; readonly exchange: string };

const addresses = new Map<string, string>([
  [MAIL_SERVER.name, MAIL_SERVER.address],
  [APPLICATION.name, APPLICATION.address],
  [SENDER.name, SENDER.address],
]);
const exchanges = new Map<string, Mx>([
  ['example.net', { preference: 10, exchange: MAIL_SERVER.name }],
  [SENDER.domain, { preference: 10, exchange: SENDER.name }],
]);
const failing = new Set<string>();
for (const site of SITES) {
  if (site.dns === 'servfail') failing.add(site.domain);
  if (site.dns === 'null-mx') exchanges.set(site.domain, { preference: 0, exchange: '' });
  if (site.dns !== undefined) continue;
  exchanges.set(site.domain, { preference: 10, exchange: `mx.${site.domain}` });
  addresses.set(`mx.${site.domain}`, siteAddress(site));
}
const names = new Map([...addresses].map(([name, address]) => [`${address.split('.').reverse().join('.')}.in-addr.arpa`, name]));

function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])), Buffer.from([0])]);
}

function recordData(name: string, type: number): Buffer | null {
  const address = type === TYPE.A ? addresses.get(name) : undefined;
  if (address !== undefined) return Buffer.from(address.split('.').map(Number));
  const mx = type === TYPE.MX ? exchanges.get(name) : undefined;
  if (mx !== undefined) return Buffer.concat([Buffer.from([mx.preference >> 8, mx.preference & 255]), encodeName(mx.exchange)]);
  const pointer = type === TYPE.PTR ? names.get(name) : undefined;
  return pointer === undefined ? null : encodeName(pointer);
}

/** Returns the answer packet to one query packet with a single question. */
export function answerQuery(query: Buffer): Buffer {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  const question = query.subarray(12, at + 5);
  const type = query.readUInt16BE(at + 1);
  const name = labels.join('.');
  const data = recordData(name, type);
  const known = addresses.has(name) || exchanges.has(name) || names.has(name);
  const code = failing.has(name) ? CODE.failed : known ? CODE.ok : CODE.noSuchName;
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(0x8580 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(data === null ? 0 : 1, 6);
  if (data === null) return Buffer.concat([header, question]);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0);
  record.writeUInt16BE(type, 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(300, 6);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([header, question, record, data]);
}
