import { configureGlobal } from 'fast-check';

// Nothing of a test may depend on the machine's time zone.
process.env.TZ = 'UTC';

// Properties try the same examples in every run, so that a run is red for what was changed. Others are looked for with a seed of one's own.
configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? 20_261_121) });
