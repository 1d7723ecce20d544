import { percentLabel, rounded } from './share.ts';

export type GrowthInput = Readonly<{
  /** Mean life of an address in years. */
  addressLifetimeYears: number;
  /** Growth of the database in a year: 0.5 = half as many again. */
  annualGrowth: number;
  years: number;
}>;

export type GrowthPoint = Readonly<{
  year: number;
  /** Quarantined addresses over all addresses at the end of the year. */
  ratio: number;
  /** In per cent, truncated to one decimal. */
  label: string;
  /** Beyond the two years for which the vendor gives figures. */
  extrapolated: boolean;
}>;

export type GrowthResult =
  | Readonly<{ ok: true; points: readonly GrowthPoint[] }>
  | Readonly<{ ok: false; field: keyof GrowthInput; message: string }>;

const YEARS_MAX = 100;
const DOCUMENTED_YEARS = 2;

/**
 * How the share of quarantined addresses grows with the age of a database (spec 7.1, MON-5, O-20, amendment A17).
 *
 * With a = 1/lifetime rounded to two decimals and growth g: N(1) = a; N(n) = (1 + q(n-1)) a + N(n-1); q(n) = N(n) / (1+g)^n. A lifetime of
 * three years and a growth of 50 % give 22 %, 32.5 %, 34.6 %. Rounding a is the vendor's; so is cutting off the label.
 */
export function quarantineGrowth(input: GrowthInput): GrowthResult {
  const refusal = refused(input);
  if (refusal !== null) return refusal;
  const share = Math.round(100 / input.addressLifetimeYears) / 100;
  const points: GrowthPoint[] = [];
  let quarantined = 0;
  let ratio = 0;
  for (let year = 1; year <= input.years; year++) {
    quarantined += (1 + ratio) * share;
    ratio = quarantined / (1 + input.annualGrowth) ** year;
    points.push({ year, ratio: rounded(ratio), label: percentLabel(ratio), extrapolated: year > DOCUMENTED_YEARS });
  }
  return { ok: true, points };
}

function refused(input: GrowthInput): GrowthResult | null {
  if (!(input.addressLifetimeYears >= 1) || !Number.isFinite(input.addressLifetimeYears)) {
    return refuse('addressLifetimeYears', 'An address lives one year or longer.');
  }
  if (!(input.annualGrowth >= 0 && input.annualGrowth <= 100)) {
    return refuse('annualGrowth', 'The annual growth is a share from 0 to 100: 0.5 means half as many addresses again.');
  }
  if (!Number.isInteger(input.years) || input.years < 1 || input.years > YEARS_MAX) {
    return refuse('years', `The number of years is a whole number from 1 to ${YEARS_MAX}.`);
  }
  return null;
}

function refuse(field: keyof GrowthInput, message: string): GrowthResult {
  return { ok: false, field, message };
}
