// The shop's rows, for the peers on Node: the same file, statements and durability as ours, through better-sqlite3.

import { hash, randomBytes } from "node:crypto"
import Database from "better-sqlite3"

const database = new Database(process.env.DATABASE)
for (const pragma of ["journal_mode = wal", "synchronous = full", "cache_size = -65536", "temp_store = memory"]) {
  database.pragma(pragma)
}

const COLUMNS = "id, customer, status, currency, total_cents, note, created_at, updated_at"
const VALUES = "@tenant, @id, @customer, @status, @currency, @total_cents, @note, @created_at, @updated_at, 1"
const ONE = database.prepare(`select ${COLUMNS} from orders where _tenant = ? and id = ? limit 1`)
const PAGE = database.prepare(`select ${COLUMNS} from orders where _tenant = ? and id > ? order by id limit ?`)
const ADD = database.prepare(`insert into orders (_tenant, ${COLUMNS}, version) values (${VALUES})`)
const ADD_CHECKED = database.prepare(
  `insert into orders (_tenant, ${COLUMNS}, version) select ${VALUES} where exists ` +
    "(select 1 from customers where _tenant = @tenant and id = @customer)",
)
const CALLER = database.prepare("select owner, tenant, scopes, prefix, revoked_at from dragoman_keys where sha256 = ?")

/** Whose rows the bare peers read. */
export const TENANT = "bench"

export const one = (tenant, id) => ONE.get(tenant, id)

/** A page, of which one row more is read to know whether there is another. */
export function page(tenant, size, token) {
  const orders = PAGE.all(tenant, token ? Buffer.from(token, "base64url").toString() : "", size + 1)
  if (orders.length <= size) return { orders, next_page_token: "" }
  orders.length = size
  return { orders, next_page_token: Buffer.from(orders[size - 1].id).toString("base64url") }
}

/** A new order, committed; undefined if `checked` and there is no such customer. */
export function add(tenant, { customer, status = "placed", currency, total_cents, note = "" }, checked) {
  const created_at = new Date().toISOString().replace("Z", "000Z")
  const order = { id: newId(), customer, status, currency, total_cents, note, created_at, updated_at: created_at }
  const { changes } = (checked ? ADD_CHECKED : ADD).run({ tenant, ...order })
  return changes === 1 ? order : undefined
}

/** Who shows this `Authorization` header; undefined for nobody. The row is read each time, so that revoking tells. */
export function caller(authorization) {
  if (authorization === undefined || !authorization.startsWith("Bearer ")) return undefined
  const row = CALLER.get(hash("sha256", authorization.slice(7), "hex"))
  return row === undefined || row.revoked_at !== null || !row.scopes.includes('"*"') ? undefined : row
}

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"

/** An id that sorts by time, as long as ours. */
function newId() {
  let id = ""
  for (let time = Date.now(), count = 0; count < 10; count += 1) {
    id = DIGITS[time % 32] + id
    time = Math.floor(time / 32)
  }
  for (const byte of randomBytes(16)) id += DIGITS[byte & 31]
  return `ord_${id}`
}
