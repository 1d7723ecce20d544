import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvLine } from '../../../src/cli/csv-line.ts';
import { csvRecords, type ImportRecord, jsonRecords } from '../../../src/operations/import-records.ts';

const COLUMNS = { known: ['id', 'name', 'email'], required: ['id'] };

async function* bytesOf(text: string | Buffer, size = 64): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string | Buffer, records: typeof csvRecords = csvRecords): Promise<ImportRecord[]> {
  const all: ImportRecord[] = [];
  for await (const some of records(bytesOf(text), COLUMNS)) all.push(...some);
  return all;
}

const shortened = (records: readonly ImportRecord[]) => records.map(({ line, cells, problem }) => [line, cells ?? problem]);

describe('CSV', () => {
  test('any values that are written are read again, with the line they begin at', async () => {
    const value = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', '\r', ' ', '|', '='), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(value, value, value), { maxLength: 8 }), async (rows) => {
        const text = `id,name,email\n${rows.map((row) => `${csvLine(row)}\n`).join('')}`;
        const found = (await read(text)).map(({ cells }) => [cells?.id, cells?.name, cells?.email]);
        expect(found).toEqual(rows);
      }),
    );
  });

  test('a header in another order, with a byte order mark, spaces and capitals, is understood', async () => {
    expect(shortened(await read('\u{feff}Email, ID\r\na@b.c,1\r\n'))).toEqual([[2, { email: 'a@b.c', id: '1' }]]);
  });

  test('a row that cannot be read is told of in its place and stops no other', async () => {
    const invalid = Buffer.concat([
      Buffer.from('id,name,email\n1,a,b\n2,'),
      Buffer.from([0xff]),
      Buffer.from(',b\n3,a\n4,"a"b,c\n\n5,a,b\n'),
    ]);
    expect(shortened(await read(invalid))).toEqual([
      [2, { id: '1', name: 'a', email: 'b' }],
      [3, 'The line is not valid UTF-8.'],
      [4, 'The row has 2 columns; the first line names 3.'],
      [5, expect.stringContaining('A quote stands where none may')],
      [7, { id: '5', name: 'a', email: 'b' }],
    ]);
  });

  test('a quote that nothing closes loses its own row alone', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => `${index},name,x@example.com`);
    rows[100] = '100,"name,x@example.com';
    const records = await read(`id,name,email\n${rows.join('\n')}\n`);
    expect(records).toHaveLength(500);
    expect(records.filter(({ problem }) => problem !== null).map(({ line }) => line)).toEqual([102]);
  });

  test('a line longer than 1 MiB is rejected and takes no memory of its length', async () => {
    const records = await read(`id\n${'x'.repeat(1_100_000)}\n7\n`);
    expect(records.map(({ line, problem }) => [line, problem])).toEqual([
      [2, 'The line is longer than 1 MiB.'],
      [3, null],
    ]);
    expect(records[0]?.raw.length).toBe(1024 * 1024);
  });

  test.each([
    ['', /the file is empty/],
    ['id,nonsense\n1,2\n', /no column "nonsense".*id,name,email/],
    ['name\nx\n', /column id is missing/],
    ['id,id\n1,1\n', /id is there twice/],
    ['id;name\n1;2\n', /no column "id;name"/],
  ])('the file %j is refused as a whole', async (text, sentence) => {
    await expect(read(text)).rejects.toThrow(sentence);
  });
});

describe('NDJSON', () => {
  test('one object a line, with lists, numbers and null', async () => {
    expect(shortened(await read('{"id":7,"name":null,"email":["a@b.c","d@e.f"]}\n\n{"id":"8"}', jsonRecords))).toEqual([
      [1, { id: '7', name: '', email: ['a@b.c', 'd@e.f'] }],
      [3, { id: '8' }],
    ]);
  });

  test.each([
    ['{"id":', 'The line is not valid JSON.'],
    ['["id"]', 'The line is not a JSON object.'],
    ['{"idd":"1"}', 'There is no column "idd"; the columns are id,name,email.'],
    ['{"id":{}}', 'The column id takes a text, a number, true, false or a list of texts.'],
  ])('the line %s is rejected', async (line, reason) => {
    expect(shortened(await read(`${line}\n{"id":"2"}\n`, jsonRecords))).toEqual([
      [1, reason],
      [2, { id: '2' }],
    ]);
  });
});
