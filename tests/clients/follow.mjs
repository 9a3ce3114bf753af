// Follows one subscription with graphql-ws and prints each thing that happens as a line of JSON.
//
// Standard input is one JSON object: url, query, variables, headers (for connection_init).
// Lines: {"acknowledged": true}, {"next": result}, {"refused": errors}, {"closed": {code, reason}},
// {"complete": true}. It ends with the subscription.
import { text } from "node:stream/consumers";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const { url, query, variables, headers } = JSON.parse(await text(process.stdin));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: headers,
  retryAttempts: 0,
  on: { connected: () => say({ acknowledged: true }) },
});

const told = (error) => {
  if (Array.isArray(error)) return { refused: error };
  if (typeof error?.code === "number") return { closed: { code: error.code, reason: error.reason } };
  throw error;
};

client.subscribe(
  { query, variables },
  {
    next: (result) => say({ next: result }),
    error: (error) => say(told(error)),
    complete: () => {
      say({ complete: true });
      client.dispose();
    },
  },
);
