/** What may take as long as a busy machine likes: only what never comes fails. A promise about time is not tested by waiting. */
export const PATIENCE = { timeout: 60_000, interval: 20 } as const;
