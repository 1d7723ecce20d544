/**
 * One load for all that resolvers of one operation ask for in the same tick: what would be a query per row of a list becomes one per list.
 */
interface Batch {
  readonly items: unknown[];
  readonly result: Promise<(item: unknown) => unknown>;
}

const pending = new WeakMap<object, Map<string, Batch>>();

/**
 * @param context of the operation: nothing is shared between operations
 * @param name what is loaded; loads of the same name in one operation must differ in nothing but the item
 * @param load is given all items and answers with the lookup of one
 */
export function batched<Item, Value>(
  context: object,
  name: string,
  item: Item,
  load: (items: readonly Item[]) => Promise<(item: Item) => Value>,
): Promise<Value> {
  const batches = pending.get(context) ?? new Map<string, Batch>();
  pending.set(context, batches);
  let batch = batches.get(name);
  if (!batch) {
    const items: unknown[] = [];
    const result = nextTick().then(() => {
      batches.delete(name);
      return load(items as Item[]);
    });
    batch = { items, result: result as Promise<(item: unknown) => unknown> };
    batches.set(name, batch);
  }
  batch.items.push(item);
  return batch.result.then((lookup) => lookup(item) as Value);
}

/** After all promises that are settled now have gone on: sibling resolvers have asked by then. */
function nextTick(): Promise<void> {
  return Promise.resolve().then(() => new Promise((resolve) => process.nextTick(resolve)));
}
