import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Exchange, type Route, sendText } from './exchange.ts';
import { GRAPHIQL_PAGE } from './security-headers.ts';

const ASSETS = '/graphiql';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Lazaret: GraphiQL</title>
<link rel="stylesheet" href="${ASSETS}/graphiql.css">
</head>
<body id="body" class="no-focus-outline">
<noscript>GraphiQL needs JavaScript.</noscript>
<div id="root"></div>
<script src="${ASSETS}/boot.js"></script>
<script src="${ASSETS}/graphiql.js"></script>
<script src="${ASSETS}/start.js"></script>
</body>
</html>
`;

const BOOT = `self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (moduleId, label) => '${ASSETS}/' + ({ json: 'json', graphql: 'graphql' }[label] ?? 'editor') + '.worker.js',
};
`;

const START = `YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
  endpoint: '/graphql',
  title: 'Lazaret: GraphiQL',
  shouldPersistHeaders: false,
  subscriptionsProtocol: 'SSE',
});
`;

/** Asks nothing of the database and needs no token; the queries that are typed into it do. */
export function sendGraphiQLPage(response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', GRAPHIQL_PAGE);
  sendText(response, 200, 'text/html; charset=utf-8', PAGE);
}

/** GraphiQL's own files, of the package: none comes from another host. */
export function graphiqlRoutes(): Route[] {
  const script = 'text/javascript; charset=utf-8';
  return [
    asset('boot.js', script, async () => BOOT),
    asset('start.js', script, async () => START),
    asset('graphiql.js', script, async () => (await bundle()).js),
    asset('graphiql.css', 'text/css; charset=utf-8', async () => (await bundle()).css),
    asset('editor.worker.js', script, async () => (await bundle()).editorWorkerService),
    asset('json.worker.js', script, async () => (await bundle()).jsonWorker),
    asset('graphql.worker.js', script, async () => (await bundle()).graphqlWorker),
  ];
}

/** Nine megabytes: loaded when somebody opens the page for the first time. */
const bundle = () => import('@graphql-yoga/render-graphiql/graphiql');

function asset(name: string, type: string, load: () => Promise<string>): Route {
  let compressed: Promise<Buffer> | undefined;
  return {
    methods: ['GET'],
    path: `${ASSETS}/${name}`,
    handle: async (exchange: Exchange) => {
      compressed ??= load().then((text) => promisify(gzip)(text));
      const body = await compressed;
      exchange.response.setHeader('Content-Encoding', 'gzip');
      exchange.response.setHeader('Cache-Control', 'public, max-age=3600');
      sendText(exchange.response, 200, type, body);
    },
  };
}
