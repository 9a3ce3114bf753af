// PostGraphile as a peer. MODE=best: a superuser without settings. MODE=equal: the same token is checked,
// then role and organisation are set. Prints "listening" when it is; with PRINT=1 its schema, and ends.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';

const { MODE, DATABASE, PORT, SECRET, PRINT } = process.env;
const known = new Map();

function verified(token) {
  const key = createHash('sha256').update(token).digest('base64');
  const now = Date.now() / 1000;
  const found = known.get(key);
  if (found && found.exp > now) return found;
  const [head, payload, signature] = token.split('.');
  const mac = createHmac('sha256', SECRET).update(`${head}.${payload}`).digest();
  if (!timingSafeEqual(mac, Buffer.from(signature, 'base64url'))) throw new Error('bad token');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (claims.exp < now) throw new Error('expired');
  known.set(key, claims);
  return claims;
}

function settings(context) {
  const claims = verified(context.node.req.headers.authorization.slice('Bearer '.length));
  return { pgSettings: { role: 'fieldgraph_app', 'app.organization_id': claims.org } };
}

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: DATABASE, schemas: ['public'], poolConfig: { max: 10 } })],
  schema: { defaultBehavior: '+connection +list' },
  grafserv: { graphiql: false, watch: false, websockets: false },
  grafast: { explain: false, ...(MODE === 'equal' ? { context: settings } : {}) },
});

if (PRINT) {
  const { schema } = await instance.getSchemaResult();
  const { printSchema } = await import('graphql');
  console.log(printSchema(schema));
  process.exit(0);
}
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(Number(PORT), '127.0.0.1', () => console.log('listening'));
