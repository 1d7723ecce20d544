import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  parse,
  type Source,
  type ValidationRule,
} from 'graphql';
import { createYoga, isAsyncIterable, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { GraphQLContext } from '../graphql/context.ts';
import { DocumentCache } from './document-cache.ts';
import { checkDocument, TOKENS_MAX, tooComplex } from './document-limits.ts';
import { checkCost, type Operation } from './graphql-cost.ts';
import { type ErrorPresenter, openErrorPresenter } from './graphql-errors.ts';
import { subscribeEach } from './subscribe-each.ts';

export const BATCH_MAX = 10;

export interface GraphQLEngine {
  readonly yoga: YogaServerInstance<GraphQLContext, object>;
  readonly presenter: ErrorPresenter;
}

export interface EngineOptions {
  readonly schema: GraphQLSchema;
  readonly introspection: boolean;
  readonly log: Logger;
}

/** Parses, limits and executes operations, however they came in. */
export function openGraphQLEngine(options: EngineOptions): GraphQLEngine {
  const presenter = openErrorPresenter(options.log, options.introspection);
  const yoga = createYoga<GraphQLContext>({
    schema: options.schema,
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    healthCheckEndpoint: '/healthz-of-yoga',
    cors: false,
    multipart: false,
    logging: false,
    // Ours says which request it was: see presentation.
    maskedErrors: false,
    batching: { limit: BATCH_MAX },
    parserAndValidationCache: {
      documentCache: new DocumentCache<DocumentNode>(),
      errorCache: new DocumentCache<Error>(),
      validationCache: true,
    },
    plugins: [limits(options.introspection), presentation(presenter)],
  });
  return { yoga, presenter };
}

function limits(introspection: boolean): Plugin<GraphQLContext> {
  const within = new WeakSet<DocumentNode>();
  return {
    onParse: ({ setParseFn }) => setParseFn(parseWithinLimits),
    onValidate: ({ params, setResult, addValidationRule }) => {
      if (!introspection) addValidationRule(noIntrospection);
      const document = params.documentAST as DocumentNode;
      if (within.has(document)) return;
      const errors = checkDocument(document);
      if (errors.length > 0) setResult(errors);
      else within.add(document);
    },
    onExecute: ({ args, setResultAndStopExecution }) => {
      const error = checkCost(args as Operation);
      if (error) setResultAndStopExecution({ errors: [error] });
    },
    onSubscribe: ({ args, setResultAndStopExecution, setSubscribeFn }) => {
      const error = checkCost(args as Operation);
      if (error) setResultAndStopExecution({ errors: [error] });
      else setSubscribeFn((operation) => subscribeEach(operation as ExecutionArgs));
    },
  };
}

/** A document that is nested beyond the call stack is too complex, not a fault. */
function parseWithinLimits(source: string | Source): DocumentNode {
  try {
    return parse(source, { maxTokens: TOKENS_MAX });
  } catch (error) {
    if (error instanceof RangeError) throw tooComplex('The document is nested too deeply.');
    if (error instanceof GraphQLError && error.message.includes('tokens')) throw tooComplex(`A document has at most ${TOKENS_MAX} tokens.`);
    throw error;
  }
}

const noIntrospection: ValidationRule = (context) => ({
  Field: (node) => {
    if (node.name.value !== '__schema' && node.name.value !== '__type') return;
    context.reportError(
      new GraphQLError('Introspection is turned off on this server.', { nodes: node, extensions: { code: 'FORBIDDEN' } }),
    );
  },
});

/** Errors as the caller may see them, also those of each event of a subscription. */
function presentation(presenter: ErrorPresenter): Plugin<GraphQLContext> {
  return {
    onResultProcess: ({ result, setResult, serverContext }) => {
      const { requestId } = serverContext as unknown as GraphQLContext;
      const present = (one: ExecutionResult) => presentResult(one, requestId, presenter);
      if (isAsyncIterable(result)) setResult(presentEach(result as AsyncIterable<ExecutionResult>, present));
      else if (Array.isArray(result)) setResult(result.map(present));
      else setResult(present(result as ExecutionResult));
    },
  };
}

function presentResult(result: ExecutionResult, requestId: string, presenter: ErrorPresenter): ExecutionResult {
  return result.errors ? { ...result, errors: presenter.present(result.errors, requestId) } : result;
}

/** No generator: one that waits for the next event would not end when the client leaves. */
function presentEach(
  results: AsyncIterable<ExecutionResult>,
  present: (result: ExecutionResult) => ExecutionResult,
): AsyncIterableIterator<ExecutionResult> {
  const source = results[Symbol.asyncIterator]();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      const next = await source.next();
      return next.done ? next : { done: false, value: present(next.value) };
    },
    return: async () => (await source.return?.()) ?? { done: true, value: undefined },
  };
}
