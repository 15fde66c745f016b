import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig, requireServices } from '../config.ts';

const key = 'ab'.repeat(32);
const services = {
  DATABASE_URL: 'postgres://u:p@db.example/h',
  TEMPORAL_ADDRESS: 'temporal.example:7233',
  HYPERVIZE_SECRET_KEY: key,
  HYPERVIZE_AUTH_SECRET: 'x'.repeat(32),
};

describe('loadConfig', () => {
  it('needs nothing set: everything is embedded, below one folder, on this machine only', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      environment: 'development',
      host: '127.0.0.1',
      port: 8080,
      publicUrl: 'http://localhost:8080',
      embeddedPostgres: true,
      home: path.resolve('.hypervize'),
      downloads: path.resolve('.hypervize/downloads'),
      reaper: { mode: 'enforce' },
      fault: null,
    });
    expect(config.temporal).toMatchObject({ embedded: true, namespace: 'default', payloadKey: null });
  });

  it('uses what exists instead of embedding it', () => {
    const config = loadConfig(services);
    expect(config.embeddedPostgres).toBe(false);
    expect(config.databaseUrl).toBe(services.DATABASE_URL);
    expect(config.temporal).toMatchObject({ embedded: false, address: services.TEMPORAL_ADDRESS });
  });

  it('has no price limit and no prices of its own unless they are given', () => {
    expect(loadConfig({}).pricing).toEqual({ limitUsdMicrosPerHour: null, overrides: null });
    expect(loadConfig({ MAX_USD_PER_HOUR: '2.5' }).pricing.limitUsdMicrosPerHour).toBe(2_500_000);
    expect(loadConfig({ MAX_USD_PER_HOUR: '0' }).pricing.limitUsdMicrosPerHour).toBe(0);
    expect(loadConfig({ PRICE_OVERRIDES: 'package.json' }).pricing.overrides).toContain('"hypervize"');
    expect(() => loadConfig({ PRICE_OVERRIDES: 'no-such-prices.json' })).toThrow(/PRICE_OVERRIDES: .*cannot be read/);
  });

  it('reads secret keys newest first, with spaces allowed between them', () => {
    const config = loadConfig({ HYPERVIZE_SECRET_KEY: `${key}, ${'cd'.repeat(32)}` });
    expect(config.secretKeys.map((one) => one.toString('hex'))).toEqual([key, 'cd'.repeat(32)]);
  });

  it('answers to the public host, to this machine and to what is allowed, in lower case', () => {
    const { allowedHosts } = loadConfig({
      PUBLIC_URL: 'https://llm.example.com/',
      PORT: '9000',
      HOST: '10.0.0.5',
      ALLOWED_HOSTS: 'Proxy.internal, other:81,',
    });
    expect([...allowedHosts].sort()).toEqual(
      [
        '10.0.0.5:9000',
        '127.0.0.1:9000',
        '[::1]:9000',
        'llm.example.com',
        'localhost:9000',
        'other:81',
        'proxy.internal',
      ].sort(),
    );
  });

  it('never answers to the wildcard address as a host name', () => {
    expect(loadConfig({ HOST: '0.0.0.0' }).allowedHosts).not.toContain('0.0.0.0:8080');
  });

  it('cuts slashes at the end of base URLs', () => {
    const config = loadConfig({ PUBLIC_URL: 'https://llm.example.com//', HF_ENDPOINT: 'https://hub.example/' });
    expect(config.publicUrl).toBe('https://llm.example.com');
    expect(config.hub.endpoint).toBe('https://hub.example');
  });

  it.each([
    ['PORT', '0'],
    ['PORT', '65536'],
    ['PORT', 'eighty'],
    ['NODE_ENV', 'prod'],
    ['LOG_LEVEL', 'loud'],
    ['PUBLIC_URL', 'ftp://llm.example.com'],
    ['DATABASE_URL', 'mysql://db.example/h'],
    ['HYPERVIZE_SECRET_KEY', 'tooshort'],
    ['HYPERVIZE_SECRET_KEY', `${key},`],
    ['TEMPORAL_PAYLOAD_KEY', key.toUpperCase()],
    ['HYPERVIZE_AUTH_SECRET', 'short'],
    ['WAKE_QUEUE_MAX', '-1'],
    ['BRING_UP_DEADLINE_SECONDS', '0'],
    ['SELF_CHECK_SECONDS', '1.5'],
    ['REAPER_MODE', 'sometimes'],
  ])('refuses %s=%s in a sentence that names the variable', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => loadConfig({ [name]: value })).toThrow(name);
  });

  it('never repeats a secret in what it says is wrong', () => {
    for (const name of ['HYPERVIZE_SECRET_KEY', 'TEMPORAL_PAYLOAD_KEY', 'HYPERVIZE_AUTH_SECRET']) {
      expect(() => loadConfig({ [name]: 'hunter2' })).toThrow(/^(?!.*hunter2)/);
    }
  });

  it('takes fault injection in tests only', () => {
    expect(() => loadConfig({ FAULT: 'launch:kill:once' })).toThrow(/NODE_ENV=test/);
    expect(() => loadConfig({ FAULT: 'launch:kill:once', NODE_ENV: 'production' })).toThrow(ConfigError);
    expect(loadConfig({ FAULT: 'launch:kill:once', NODE_ENV: 'test' }).fault).toBe('launch:kill:once');
  });
});

describe('requireServices', () => {
  it('gives the config back when everything is set', () => {
    const config = loadConfig(services);
    expect(requireServices(config)).toBe(config);
  });

  it.each(Object.keys(services))('names %s when it is missing', (name) => {
    expect(() => requireServices(loadConfig({ ...services, [name]: undefined }))).toThrow(name);
  });

  it('wants workflow payloads encrypted in production', () => {
    const production = { ...services, NODE_ENV: 'production' };
    expect(() => requireServices(loadConfig(production))).toThrow('TEMPORAL_PAYLOAD_KEY');
    expect(() => requireServices(loadConfig({ ...production, TEMPORAL_PAYLOAD_KEY: key }))).not.toThrow();
  });
});
