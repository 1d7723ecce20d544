import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { checkDocument } from '../../../src/http/document-limits.ts';
import { millisecondsSince } from '../../support/cpu-time.ts';

const refusal = (text: string) => checkDocument(parse(text))[0]?.message ?? null;

describe('a document', () => {
  test('of depth 12 with 30 aliases is within the limits', () => {
    const aliases = Array.from({ length: 30 }, (_, i) => `a${i}: x`).join(' ');
    expect(refusal(`{ ${'a { '.repeat(11)}x ${'}'.repeat(11)} ${aliases} }`)).toBeNull();
  });

  test('is as deep as the fragments that it spreads', () => {
    expect(refusal(`{ a { b { ...F } } } fragment F on T { ${'a { '.repeat(10)}x ${'}'.repeat(10)} }`)).toContain('13 levels');
    expect(refusal(`{ a { ... on T { ${'a { '.repeat(11)}x ${'}'.repeat(11)} } } }`)).toContain('13 levels');
  });

  test('of which fragments double each other sixty times is measured at once', () => {
    const fragments = Array.from({ length: 60 }, (_, i) => `fragment F${i} on T { ...F${i + 1} ...F${i + 1} }`).join(' ');
    const startedAt = process.cpuUsage();
    expect(refusal(`{ ...F0 } ${fragments} fragment F60 on T { a: x }`)).toContain('aliases');
    expect(millisecondsSince(startedAt)).toBeLessThan(500);
  });

  test('with a fragment in a circle is left to validation', () => {
    expect(refusal('{ ...A } fragment A on T { ...B } fragment B on T { ...A }')).toBeNull();
  });

  test('counts the aliases of each operation alone', () => {
    const aliases = Array.from({ length: 20 }, (_, i) => `a${i}: x`).join(' ');
    expect(refusal(`query A { ${aliases} } query B { ${aliases} }`)).toBeNull();
  });

  test('leaves the depth of introspection to graphql-js', () => {
    expect(refusal(`{ __schema { ${'a { '.repeat(15)}x ${'}'.repeat(15)} } }`)).toBeNull();
  });
});
