/** A token store in PostgreSQL. Wrap it in `sealedStore` to encrypt the tokens. */
import { randomUUID } from 'node:crypto'
import type { StoredToken, TokenStore } from '@countersign/core'

/** A pool or a client of `pg`. */
interface Database {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }>
}

const tables = `
  create table if not exists tokens (key text primary key, token jsonb, expires timestamptz);
  create table if not exists leases (key text primary key, owner text, until timestamptz);`
const lock = 'select pg_advisory_xact_lock(7523);'

export async function createPostgresStore(database: Database): Promise<TokenStore> {
  // Two processes that create a table at once would disturb each other.
  await database.query(`begin; ${lock} ${tables} commit;`)
  return {
    async get(key) {
      const select = 'select token from tokens where key = $1 and expires > now()'
      const { rows } = await database.query(select, [key])
      return (rows[0] as { token: StoredToken } | undefined)?.token
    },
    async set(key, token) {
      await database.query(
        `insert into tokens values ($1, $2, to_timestamp($3::float8 / 1000))
         on conflict (key) do update set token = excluded.token, expires = excluded.expires`,
        [key, JSON.stringify(token), token.expiresAt],
      )
    },
    async delete(key, { value }) {
      const remove = `delete from tokens where key = $1 and token->>'value' = $2`
      return (await database.query(remove, [key, value])).rowCount === 1
    },
    async acquireLease(key, { duration }) {
      const owner = randomUUID()
      // The clock of the database decides when a lease ends.
      const { rowCount } = await database.query(
        `insert into leases values ($1, $2, now() + $3 * interval '1 millisecond')
         on conflict (key) do update set owner = excluded.owner, until = excluded.until
         where leases.until < now()`,
        [key, owner, duration],
      )
      const release = 'delete from leases where key = $1 and owner = $2'
      if (rowCount !== 1) return undefined
      return { release: async () => void (await database.query(release, [key, owner])) }
    },
  }
}
