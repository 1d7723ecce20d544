import { expect, test } from 'vitest';
import { openLog } from '../../src/operations/open-log.ts';

function logged(level: string, error: unknown) {
  const lines: { err: { message: string; stack: string; code?: string; cause?: { message: string } } }[] = [];
  openLog(level, { write: (line: string) => void lines.push(JSON.parse(line)) }).error({ err: error }, 'failed');
  return lines[0]?.err;
}

const error = Object.assign(
  new Error('Key (address)=(jo@example.com) already exists; +33 6 12 34 56 78', { cause: new Error('<a.b+c@x.org> refused') }),
  {
    code: '23505',
    detail: 'Key (address)=(jo@example.com) already exists.',
  },
);

test('errors are logged without addresses and without what the driver hangs on them', () => {
  const written = logged('info', error);
  expect(written).toMatchObject({
    code: '23505',
    message: 'Key (address)=([address]) already exists; [address]',
    cause: { message: '<[address]> refused' },
  });
  expect(written?.stack).toContain('open-log.test.ts');
  expect(JSON.stringify(written)).not.toMatch(/example\.com|x\.org|12 34/);
});

test('a person who looks for a cause at level debug sees them', () => {
  expect(logged('debug', error)?.message).toContain('jo@example.com');
});

test('what is thrown and is no error is logged as well', () => {
  expect(logged('info', 'plain jo@example.com')).toEqual({ name: 'string', message: 'plain [address]' });
});
