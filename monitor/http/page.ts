import { livePageHead } from "../../report/page/bundle.ts";
import type { Route } from "./route.ts";
import { send } from "./send.ts";

const HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>Faultline</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<script defer src="/page.js"></script>
</head>
<body><div id="page"><noscript>This page needs JavaScript.</noscript></div></body>
</html>
`;

/** The page itself. Script and style sheet need no token: they are the same for every run. */
export const PAGE_ROUTES: readonly Route[] = [
  { path: "/", handle: (request, response) => send(request, response, "text/html; charset=utf-8", HTML) },
  {
    path: "/page.js",
    open: true,
    handle: async (request, response) =>
      send(request, response, "text/javascript; charset=utf-8", (await livePageHead()).js),
  },
  {
    path: "/page.css",
    open: true,
    handle: async (request, response) => send(request, response, "text/css; charset=utf-8", (await livePageHead()).css),
  },
];
