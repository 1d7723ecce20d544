import { type DocumentNode, type FragmentDefinitionNode, GraphQLError, Kind, type SelectionSetNode } from 'graphql';

export const DEPTH_MAX = 12;
export const ALIASES_MAX = 30;
export const COST_MAX = 10_000;
/** Written in one document, before fragments are spread: what validation costs grows with the square of it. */
export const FIELDS_MAX = 1_000;
/** Lists of input belong into variables. */
export const TOKENS_MAX = 50_000;

export const tooComplex = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: 'TOO_COMPLEX' } });

interface Size {
  readonly depth: number;
  readonly aliases: number;
}

const NOTHING: Size = { depth: 0, aliases: 0 };

/**
 * Measures a document before it is validated or executed: a fragment that is spread many times counts many times, as it would when
 * executed, but is looked at once. Introspection has its own limit of depth in graphql-js.
 *
 * @returns the errors; empty = within the limits
 */
export function checkDocument(document: DocumentNode): GraphQLError[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  if (countSelections(document) > FIELDS_MAX) return [tooComplex(`A document has at most ${FIELDS_MAX} fields.`)];
  const measure = measurer(fragments);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, aliases } = measure(definition.selectionSet);
    if (depth > DEPTH_MAX) return [tooComplex(`The operation is ${depth} levels deep; at most ${DEPTH_MAX} are allowed.`)];
    if (aliases > ALIASES_MAX) return [tooComplex(`The operation has ${aliases} aliases; at most ${ALIASES_MAX} are allowed.`)];
  }
  return [];
}

/** Iterative: a document may be nested deeper than the call stack. */
function countSelections(document: DocumentNode): number {
  const open: SelectionSetNode[] = [];
  for (const definition of document.definitions) if ('selectionSet' in definition) open.push(definition.selectionSet);
  let count = 0;
  for (let set = open.pop(); set; set = open.pop()) {
    count += set.selections.length;
    for (const selection of set.selections) if ('selectionSet' in selection && selection.selectionSet) open.push(selection.selectionSet);
  }
  return count;
}

function measurer(fragments: ReadonlyMap<string, FragmentDefinitionNode>): (set: SelectionSetNode) => Size {
  const known = new Map<SelectionSetNode, Size>();
  const measure = (set: SelectionSetNode): Size => {
    const seen = known.get(set);
    if (seen) return seen;
    // A fragment that spreads itself ends here; validation refuses it.
    known.set(set, NOTHING);
    let depth = 0;
    let aliases = 0;
    for (const selection of set.selections) {
      const size = measureSelection(selection);
      depth = Math.max(depth, size.depth);
      aliases += size.aliases;
    }
    const size = { depth, aliases };
    known.set(set, size);
    return size;
  };
  const measureSelection = (selection: SelectionSetNode['selections'][number]): Size => {
    switch (selection.kind) {
      case Kind.FIELD: {
        const own = selection.alias ? 1 : 0;
        if (selection.name.value.startsWith('__')) return { depth: 1, aliases: own };
        const below = selection.selectionSet ? measure(selection.selectionSet) : NOTHING;
        return { depth: below.depth + 1, aliases: below.aliases + own };
      }
      case Kind.INLINE_FRAGMENT:
        return measure(selection.selectionSet);
      case Kind.FRAGMENT_SPREAD: {
        const fragment = fragments.get(selection.name.value);
        return fragment ? measure(fragment.selectionSet) : NOTHING;
      }
    }
  };
  return measure;
}
