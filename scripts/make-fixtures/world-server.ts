/**
 * Runs the small internet of world.ts inside a fixture box: a DNS server on 127.0.0.1:53, one SMTP server per site, and the
 * collector, which keeps every message that is sent to the envelope sender's domain.
 *
 * Usage: world-server.ts FOLDER. The collector writes FOLDER/<local part after "+">.<n>.eml and prints READY when all listen.
 */
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { answerQuery } from './dns-answer.ts';
import { SENDER, SITES, type Site, siteAddress } from './world.ts';

const folder = process.argv[2];
if (folder === undefined) throw new Error('usage: world-server.ts FOLDER');

const MAX_SIZE = 10_000_000;

type Behaviour = {
  readonly name: string;
  readonly site: Site | null;
  readonly keep: ((rcpts: readonly string[], message: Buffer) => void) | null;
};

function fill(text: string, rcpt: string, socket: Socket): string {
  const domain = rcpt.slice(rcpt.lastIndexOf('@') + 1);
  return text
    .replaceAll('{rcpt}', rcpt)
    .replaceAll('{domain}', domain)
    .replaceAll('{client}', socket.remoteAddress ?? 'unknown');
}

/** Only the collector takes UTF-8 addresses: what comes back about them must reach it. */
function greeting(name: string, site: Site | null): string {
  const extensions = ['PIPELINING', `SIZE ${site?.size ?? MAX_SIZE}`, '8BITMIME', ...(site === null ? ['SMTPUTF8'] : [])];
  return [`250-${name}`, ...extensions.map((extension) => `250-${extension}`), '250 ENHANCEDSTATUSCODES'].join('\r\n');
}

/** Serves one SMTP connection; commands may be pipelined, so the input is handled line by line. */
function serve(socket: Socket, behaviour: Behaviour): void {
  const { site, name } = behaviour;
  const say = (line: string): void => {
    if (!socket.destroyed) socket.write(`${line}\r\n`);
  };
  let buffer = Buffer.alloc(0);
  let inData = false;
  let rcpts: string[] = [];
  socket.on('error', () => socket.destroy());
  if (site?.listen === 'silent') return;
  if (site?.banner !== undefined) {
    socket.end(`${fill(site.banner, `x@${site.domain}`, socket)}\r\n`);
    return;
  }
  say(`220 ${name} ESMTP`);

  const command = (line: string): void => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') say(greeting(name, site));
    else if (verb === 'HELO') say(`250 ${name}`);
    else if (verb === 'MAIL') {
      rcpts = [];
      const size = Number(/ SIZE=(\d+)/i.exec(line)?.[1] ?? 0);
      if (size > (site?.size ?? MAX_SIZE)) say('552 5.3.4 Message size exceeds the fixed maximum of this server');
      else say('250 2.1.0 Ok');
    } else if (verb === 'RCPT') {
      const rcpt = /<([^>]*)>/.exec(line)?.[1] ?? '';
      if (site?.rcpt !== undefined) say(fill(site.rcpt, rcpt, socket));
      else {
        rcpts.push(rcpt);
        say('250 2.1.5 Ok');
      }
    } else if (verb === 'DATA') {
      if (rcpts.length === 0) say('554 5.5.1 No valid recipients');
      else {
        inData = true;
        say('354 Go on');
      }
    } else if (verb === 'QUIT') {
      say('221 2.0.0 Bye');
      socket.end();
    } else if (verb === 'RSET' || verb === 'NOOP') say('250 2.0.0 Ok');
    else say('502 5.5.1 Command not known');
  };

  socket.on('data', (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      if (inData) {
        const end = buffer.indexOf('\r\n.\r\n');
        if (end < 0) return;
        const message = Buffer.from(
          buffer
            .subarray(0, end + 2)
            .toString('latin1')
            .replaceAll('\r\n..', '\r\n.'),
          'latin1',
        );
        buffer = buffer.subarray(end + 5);
        inData = false;
        behaviour.keep?.(rcpts, message);
        say(site?.data === undefined ? '250 2.0.0 Ok: queued' : fill(site.data, rcpts[0] ?? '', socket));
        continue;
      }
      const end = buffer.indexOf('\r\n');
      if (end < 0) return;
      const line = buffer.subarray(0, end).toString('utf8');
      buffer = buffer.subarray(end + 2);
      command(line);
    }
  });
}

const seen = new Map<string, number>();
function collect(rcpts: readonly string[], message: Buffer): void {
  for (const rcpt of rcpts) {
    const tag = /\+([a-z0-9-]+)@/.exec(rcpt)?.[1] ?? 'untagged';
    const count = (seen.get(tag) ?? 0) + 1;
    seen.set(tag, count);
    writeFileSync(join(folder ?? '', `${tag}.${count}.eml`), message);
  }
}

function listen(address: string, behaviour: Behaviour): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => serve(socket, behaviour));
    server.once('error', reject);
    server.listen(25, address, resolve);
  });
}

const dns = createSocket('udp4');
dns.on('message', (query, peer) => dns.send(answerQuery(query), peer.port, peer.address));
await new Promise<void>((resolve) => dns.bind(53, '127.0.0.1', resolve));
await listen(SENDER.address, { name: SENDER.name, site: null, keep: collect });
for (const site of SITES) {
  if (site.dns === undefined && site.listen !== 'refused') {
    await listen(siteAddress(site), { name: `mx.${site.domain}`, site, keep: null });
  }
}
console.log('READY');
