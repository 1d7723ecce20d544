// Prints the API's schema, sorted, into schema.graphql; with --check it compares instead and fails where they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from '../src/graphql/schema.ts';

const path = join(import.meta.dirname, '..', 'schema.graphql');
const text = `${printSchema(lexicographicSortSchema(schema))}\n`;
if (!process.argv.includes('--check')) {
  writeFileSync(path, text);
} else if (readFileSync(path, 'utf8') !== text) {
  console.error('schema.graphql differs from the code: run `npm run schema`');
  process.exitCode = 1;
}
