import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';

describe('the configuration', () => {
  test('has the defaults of the contract', () => {
    expect(readConfig({})).toEqual({
      port: 4000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      dataDir: './data',
      role: 'all',
      logLevel: 'info',
      addressCase: 'canonical',
      publicUrl: undefined,
      adminToken: undefined,
      addressKey: undefined,
      introspection: true,
      rateLimit: 6000,
      poolSize: 20,
    });
  });

  test('takes an empty variable for none', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', PUBLIC_URL: '' })).toEqual(readConfig({}));
  });

  test.each([
    ['PORT', 'http', 'PORT takes a port number from 0 to 65535'],
    ['PORT', '65536', 'PORT takes a port number from 0 to 65535'],
    ['PORT', '80.5', 'PORT takes a port number from 0 to 65535'],
    ['DATABASE_URL', 'mysql://secret@host/db', 'DATABASE_URL takes a URL such as postgresql://'],
    ['DATABASE_URL', 'secret', 'DATABASE_URL takes a URL such as postgresql://'],
    ['LAZARET_ROLE', 'boss', 'LAZARET_ROLE takes all, api or worker'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL takes trace, debug'],
    ['ADDRESS_CASE', 'upper', 'ADDRESS_CASE takes canonical or exact'],
    ['PUBLIC_URL', 'ftp://host', 'PUBLIC_URL takes a URL that begins with http:// or https://'],
    ['LAZARET_ADMIN_TOKEN', 'secret', 'LAZARET_ADMIN_TOKEN takes lzt_ and'],
    ['LAZARET_ADDRESS_KEY', 'secret', 'LAZARET_ADDRESS_KEY takes a secret of 32 to 512 characters'],
    ['LAZARET_INTROSPECTION', 'yes', 'LAZARET_INTROSPECTION takes on or off'],
    ['LAZARET_RATE_LIMIT', '-1', 'LAZARET_RATE_LIMIT takes a whole number'],
    ['LAZARET_POOL_SIZE', '1', 'LAZARET_POOL_SIZE takes a number'],
  ])('says in one line what %s takes, not what it was (%s)', (name, value, sentence) => {
    const read = () => readConfig({ [name]: value });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(sentence);
    expect(read).not.toThrow(/\n|secret@|secret$/);
  });

  test('refuses another role than all without a server', () => {
    expect(() => readConfig({ LAZARET_ROLE: 'worker' })).toThrow('needs DATABASE_URL');
    expect(readConfig({ LAZARET_ROLE: 'worker', DATABASE_URL: 'postgres://h/d' }).role).toBe('worker');
  });
});
