// Apollo's client with automatic persisted queries: prints what each request carried, then what came of it.
// Arguments: the endpoint, a bearer token.
import { ApolloClient, HttpLink, InMemoryCache, from, gql } from '@apollo/client';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries/index.js';
import { createHash } from 'node:crypto';

const [url, token] = process.argv.slice(2);
const sent = [];
const noting = async (to, init) => {
  const body = JSON.parse(init.body);
  sent.push([body.query ? 'document' : null, body.extensions?.persistedQuery ? 'hash' : null].filter(Boolean).join('+'));
  return fetch(to, init);
};
const client = new ApolloClient({
  link: from([
    createPersistedQueryLink({ sha256: (text) => createHash('sha256').update(text).digest('hex') }),
    new HttpLink({ uri: url, headers: { Authorization: `Bearer ${token}` }, fetch: noting }),
  ]),
  cache: new InMemoryCache(),
});
for (let round = 0; round < 2; round++) {
  const { data } = await client.query({ query: gql('{ viewer { roles } }'), fetchPolicy: 'network-only' });
  console.log(JSON.stringify({ sent: sent.splice(0), roles: data.viewer.roles }));
}
