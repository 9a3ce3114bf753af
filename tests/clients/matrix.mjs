// What web clients do, as they come from the registry: prints one JSON line for each step.
// Arguments: the endpoint, a bearer token.
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Client, fetchExchange } from '@urql/core';
import { createClient } from 'graphql-sse';

const [url, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const QUERY = '{ viewer { roles } }';
const WRONG = '{ nonsense }';
const BOARD = `subscription {
  dispatchBoard(filter: { from: "2026-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" }) { __typename }
}`;
const tell = (step, told) => console.log(JSON.stringify({ step, ...told }));

const urql = new Client({
  url,
  exchanges: [fetchExchange],
  fetchSubscriptions: true,
  preferGetMethod: false,
  fetchOptions: { headers },
});
const asked = await urql.query(QUERY, {}).toPromise();
tell('urql query', { data: asked.data, error: asked.error?.message });
const refused = await urql.query(WRONG, {}).toPromise();
tell('urql error', { code: refused.error?.graphQLErrors[0]?.extensions?.code, network: !!refused.error?.networkError });
const byGet = await urql.query(QUERY, {}, { preferGetMethod: 'force', requestPolicy: 'network-only' }).toPromise();
tell('urql get', { data: byGet.data, error: byGet.error?.message });
await new Promise((resolve) => {
  const followed = urql.subscription(BOARD, {}).subscribe((result) => {
    tell('urql subscription', { data: result.data, error: result.error?.message });
    setTimeout(() => { followed.unsubscribe(); resolve(); }, 0);
  });
});

const apollo = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache: new InMemoryCache() });
tell('apollo query', { data: (await apollo.query({ query: gql(QUERY) })).data });
const failed = await apollo.query({ query: gql(WRONG) }).then(() => null, (error) => error);
tell('apollo error', { code: failed?.errors?.[0]?.extensions?.code });

const sse = createClient({ url, headers, singleConnection: false });
await new Promise((resolve, reject) => {
  const stop = sse.subscribe({ query: BOARD }, {
    next: (result) => { tell('sse subscription', { data: result.data }); stop(); resolve(); },
    error: reject,
    complete: resolve,
  });
});
for await (const result of sse.iterate({ query: QUERY })) tell('sse query', { data: result.data });
process.exit(0);
