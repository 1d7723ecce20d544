import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAILURE_REASONS, FAILURE_TYPES, FAULTS, MESSAGE_KINDS } from '../../src/domain/vocabulary.ts';
import { FIXTURES, manifestLines, readMessage, replyLines } from '../support/fixtures.ts';

const lines = manifestLines();
const replies = replyLines();

/** Domains kept free for examples (RFC 2606, RFC 6761), and what the servers themselves write into every message. */
const EXAMPLE_DOMAIN = /(?:^|\.)(?:example|example\.(?:com|net|org)|test|localhost)$/i;
const SERVERS_OWN = new Set(['ftp.isi.edu']);
const NAME_WITH_ADDRESS = /(?:@|https?:\/\/|ftp:\/\/|dns; ?|\bfrom |\bby |\bhost )((?:[\p{L}\p{N}_-]+\.)+\p{L}{2,})(?![\p{L}\p{N}=.-])/giu;
const IP_ADDRESS = /\b(?:\d{1,3}\.){3}\d{1,3}\b/g;

function foreignNames(text: string): readonly string[] {
  return [...text.matchAll(NAME_WITH_ADDRESS)]
    .map((match) => match[1] ?? '')
    .filter((name) => !EXAMPLE_DOMAIN.test(name) && !SERVERS_OWN.has(name));
}

/** Single words in Received headers: accounts that the servers' packages create, and the sending program's own. */
const NEUTRAL_NAMES = new Set(['app', 'localhost', 'Debian-exim', 'MAILER-DAEMON', 'bounces', 'userid']);

/** The machines and accounts that the Received headers name, those of the returned message as well. */
function receivedNames(text: string): readonly string[] {
  const headers = text.replace(/\r?\n[ \t]+/g, ' ').match(/^received: .*$/gim) ?? [];
  return headers.flatMap((header) => [...header.matchAll(/\b(?:from|by) \(?([\w.-]+)/g)].map((match) => match[1] ?? ''));
}

describe('the failure messages that ship', () => {
  it('are listed once each, and each listed file exists', () => {
    const files = readdirSync(join(FIXTURES, 'messages')).map((name) => `messages/${name}`);
    expect(files.length).toBeGreaterThanOrEqual(80);
    expect(lines.map((line) => line.file).sort()).toEqual(files.sort());
  });

  it('come from at least seven kinds of programs and have every kind of meaning', () => {
    expect(new Set(lines.map((line) => line.madeBy)).size).toBeGreaterThanOrEqual(7);
    expect(new Set(lines.map((line) => line.kind))).toEqual(new Set(MESSAGE_KINDS));
  });

  it.each(lines)('$file is described in the words of the contract', ({ kind, recipients }) => {
    expect(MESSAGE_KINDS).toContain(kind);
    expect(recipients.length > 0).toBe(kind !== 'OTHER');
    for (const { address, type, reason, fault } of recipients) {
      expect(address).toMatch(/^[^\s@]+@[^\s@]+$/);
      if (kind !== 'DELIVERED' && kind !== 'UNSUBSCRIBE') {
        expect(FAILURE_TYPES).toContain(type);
        expect(FAILURE_REASONS).toContain(reason);
      }
      if (kind === 'BOUNCE' || kind === 'DELAY') expect(FAULTS).toContain(fault);
    }
  });

  it.each(lines)('$file names no machine, no person and no real domain', ({ file }) => {
    const text = readMessage(file).toString('utf8');
    expect(statSync(join(FIXTURES, file)).size).toBeLessThan(64 * 1024);
    expect(foreignNames(text)).toEqual([]);
    expect(text).not.toMatch(/\/(?:root|home|tmp|work|fixture)\b/);
    expect(receivedNames(text).filter((name) => !EXAMPLE_DOMAIN.test(name) && !NEUTRAL_NAMES.has(name))).toEqual([]);
    const strange = (text.match(IP_ADDRESS) ?? []).filter((ip) => !/^(?:127\.|192\.0\.2\.|8\.17\.1\.9$)/.test(ip));
    expect(strange).toEqual([]);
  });
});

describe('the SMTP replies that ship', () => {
  it('are many, distinct, and described in the words of the contract', () => {
    expect(replies.length).toBeGreaterThanOrEqual(120);
    expect(new Set(replies.map(({ reply }) => reply)).size).toBe(replies.length);
    for (const { type, reason, fault } of replies) {
      expect(FAILURE_TYPES).toContain(type);
      expect(FAILURE_REASONS).toContain(reason);
      expect(FAULTS).toContain(fault);
    }
  });

  it('name no real domain', () => {
    const text = readFileSync(join(FIXTURES, 'replies.jsonl'), 'utf8');
    expect(foreignNames(text)).toEqual([]);
  });
});
