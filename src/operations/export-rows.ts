import { type ExportRow, readExportRows } from '../store/export-rows.ts';
import {
  currentRun,
  type DeliveryLogFilter,
  deliveryLogCondition,
  type ExclusionLogFilter,
  exclusionLogCondition,
} from '../store/filters/log-filters.ts';
import { type QuarantineFilter, quarantineCondition } from '../store/filters/quarantine-filter.ts';
import { and } from '../store/page.ts';
import type { Instance } from './instance.ts';

/** What is exported, and which rows of it: the filters of the API. */
export type ExportRequest =
  | { readonly what: 'quarantine'; readonly filter: QuarantineFilter }
  | { readonly what: 'delivery-logs'; readonly filter: DeliveryLogFilter }
  | { readonly what: 'exclusion-logs'; readonly filter: ExclusionLogFilter };

/**
 * The rows of an export in slices, oldest first, in flat memory. Of deliveries those of the last preparation, as the API shows them.
 *
 * @throws InvalidInputError for a filter that cannot be fulfilled
 */
export async function* exportRows({ database, addressBook }: Instance, request: ExportRequest): AsyncGenerator<readonly ExportRow[]> {
  const forms = await addressBook();
  switch (request.what) {
    case 'quarantine':
      return yield* readExportRows(database, 'quarantine_entry', quarantineCondition(request.filter, forms));
    case 'delivery-logs':
      return yield* readExportRows(
        database,
        'delivery_log',
        and([deliveryLogCondition(request.filter, forms), currentRun(request.filter.deliveryId)]),
      );
    case 'exclusion-logs':
      return yield* readExportRows(
        database,
        'exclusion_log',
        and([exclusionLogCondition(request.filter, forms), currentRun(request.filter.deliveryId)]),
      );
  }
}
