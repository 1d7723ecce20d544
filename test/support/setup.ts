// Nothing of a test may depend on the machine's time zone.
process.env.TZ = 'UTC';
