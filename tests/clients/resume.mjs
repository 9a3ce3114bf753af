// Follows one subscription with a client of others, which comes back by itself behind the last cursor it was told.
//
// Standard input is one JSON object: client, url, socket, query, variables (with `after`), headers.
// Lines: {"next": result}, {"closed": reason} whenever the connection is gone, {"over": why} in the end.
import { ApolloClient, ApolloLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { text } from "node:stream/consumers";
import { createClient as overEvents } from "graphql-sse";
import { createClient as overSocket } from "graphql-ws";
import { tap } from "rxjs";
import WebSocket from "ws";

const { client, url, socket, query, variables, headers } = JSON.parse(await text(process.stdin));
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const soon = () => new Promise((resolve) => setTimeout(resolve, 50));
const cursor = ({ data }) => Object.values(data)[0].cursor;
// The one place where it is kept from where to go on: each new attempt reads it again.
const asked = { query, variables };

const sockets = () =>
  overSocket({
    url: socket,
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryAttempts: 1000,
    retryWait: soon,
    shouldRetry: () => true,
    on: { closed: ({ code, reason }) => say({ closed: reason ? `${code} ${reason}` : `${code}` }) },
  });

const sink = {
  next: (result) => {
    variables.after = cursor(result);
    say({ next: result });
  },
  error: (error) => say({ over: String(error.message ?? error) }),
  complete: () => say({ over: "complete" }),
};

const followed = {
  "graphql-ws": () => sockets().subscribe(asked, sink),
  "graphql-sse": () =>
    overEvents({
      url,
      headers,
      singleConnection: false,
      retryAttempts: 1000,
      retry: async () => {
        say({ closed: "" });
        await soon();
      },
    }).subscribe(asked, sink),
  "@apollo/client": () => {
    // It copies the variables, so that the copy is what has to be kept up.
    const kept = new ApolloLink((operation, forward) =>
      forward(operation).pipe(tap((result) => (operation.variables.after = cursor(result)))),
    );
    const link = kept.concat(new GraphQLWsLink(sockets()));
    const apollo = new ApolloClient({ link, cache: new InMemoryCache() });
    return apollo.subscribe({ query: gql(query), variables, fetchPolicy: "no-cache" }).subscribe(sink);
  },
};
followed[client]();
