import { type Route, sendText } from './exchange.ts';
import { PLAIN_PAGE } from './security-headers.ts';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lazaret</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color: #1c2733; background: #fff; }
input { font: inherit; width: 100%; padding: .4rem; box-sizing: border-box; border: 1px solid #8796a5; border-radius: 4px; }
button { font: inherit; padding: .4rem 1rem; margin-top: .5rem; }
@media (prefers-color-scheme: dark) { body { color: #dde5ec; background: #14191f; } a { color: #8ab8ff; } }
</style>
</head>
<body>
<h1>Lazaret</h1>
<p>Knows whom you must not write to, and why. Everything is done through the GraphQL API at <code>/graphql</code>;
<a href="/graphql">GraphiQL</a> lets you try it in the browser.</p>
<h2>Sign in</h2>
<form method="post" action="/session">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off" placeholder="lzt_..." required>
<button>Sign in</button>
</form>
<form method="post" action="/session"><input type="hidden" name="token" value=""><button>Sign out</button></form>
</body>
</html>
`;

/** The way in for a person: what this is, GraphiQL, and a sign-in that works without scripts. */
export function homePage(): Route {
  return {
    methods: ['GET'],
    path: '/',
    handle: ({ response }) => {
      response.setHeader('Content-Security-Policy', PLAIN_PAGE);
      // With no referrer at all browsers send the form as from nowhere, and a sign-in from nowhere is refused.
      response.setHeader('Referrer-Policy', 'same-origin');
      sendText(response, 200, 'text/html; charset=utf-8', PAGE);
    },
  };
}
