/** Clients of database servers, and the databases that are built into Bun. */

const postgres = { needs: /** @type {const} */ (['pg']), flags: ['--allow-net=127.0.0.1:{pg}'] }
const redis = { needs: /** @type {const} */ (['redis']), flags: ['--allow-net=127.0.0.1:{redis}'] }

/** @type {import('../package.d.ts').Package[]} */
export default [
  { name: 'ioredis', version: '6.0.0', ...redis, gives: 'hello' },
  { name: 'redis', version: '6.3.1', ...redis, gives: 'hello' },
  { name: 'bun-redis', title: 'Bun.RedisClient', runtimes: ['bun'], ...redis, gives: 'hello' },
  { name: 'net', title: 'node:net', ...redis, gives: '+PONG\r\n' },
  { name: 'pg', version: '8.23.1', ...postgres, gives: [{ total: 10 }] },
  {
    name: 'drizzle-orm',
    version: '0.45.1',
    with: { pg: '8.23.1' },
    ...postgres,
    gives: [
      { id: 2, name: 'ink' },
      { id: 1, name: 'pen' },
    ],
  },
  { name: 'knex', version: '3.3.0', with: { pg: '8.23.1' }, ...postgres, gives: [[{ more: 5 }], 'select * from "item" where "id" = 1'] },
  { name: 'kysely', version: '0.29.9', with: { pg: '8.23.1' }, ...postgres, gives: [{ more: 5 }] },
  { name: 'mysql2', version: '3.24.5', needs: ['mysql'], flags: ['--allow-net=127.0.0.1:{mysql}'], gives: [5] },
  {
    name: 'bun-sqlite',
    title: 'bun:sqlite',
    runtimes: ['bun'],
    flags: ['--allow-read={out}', '--allow-write={out}'],
    gives: [{ name: 'pen', price: 2 }],
  },
]
