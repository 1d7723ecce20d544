-- A message that is cancelled changes its state without a result: its line in the ledger has no outcome.
ALTER TABLE "delivery_event" ALTER COLUMN "outcome" DROP NOT NULL;
