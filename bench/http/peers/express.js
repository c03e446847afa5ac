// Express, with fast-json-stringify and ajv. `BARE=1`: routing, SQL and JSON, and nothing else.

import { randomUUID } from "node:crypto"
import Ajv from "ajv"
import express from "express"
import stringify from "fast-json-stringify"
import { access } from "./log.js"
import { answers, asked } from "./schemas.js"
import { TENANT, add, caller, one, page } from "./shop.js"

const [host, port, bare] = ["127.0.0.1", Number(process.env.PORT), process.env.BARE === "1"]
const ajv = new Ajv({ coerceTypes: true, allErrors: true })
const valid = Object.fromEntries(Object.entries(asked).map(([name, schema]) => [name, ajv.compile(schema)]))
const write = Object.fromEntries(Object.entries(answers).map(([name, schema]) => [name, stringify(schema)]))

function problem(response, status, detail) {
  response.status(status).type("application/problem+json").send(JSON.stringify({ type: "about:blank", status, detail }))
}

/** Whether it fits; says so to the client if it does not. */
function fits(validate, value, response) {
  if (validate(value)) return true
  problem(response, 422, ajv.errorsText(validate.errors))
  return false
}

/** Who calls, the log: what ours does for each request. Express makes the entity tag, and 304, by itself. */
function around(app) {
  app.set("etag", "strong")
  app.use((request, response, next) => {
    const started = performance.now()
    const id = request.headers["x-request-id"] ?? randomUUID()
    response.setHeader("x-request-id", id)
    const who = caller(request.headers.authorization)
    response.on("finish", () => {
      const bytes = Number(response.getHeader("content-length") ?? 0)
      const operation = request.route?.path
      access(id, request.method, request.path, response.statusCode, bytes, started, request.ip, operation, who)
    })
    if (who === undefined) return problem(response.set("www-authenticate", "Bearer"), 401, "no key")
    request.caller = who
    if (request.method === "GET") {
      response.setHeader("cache-control", "private, no-cache")
      response.setHeader("vary", "Accept-Encoding, Authorization")
    }
    next()
  })
}

function shop(app) {
  app.get("/v1/hello", (request, response) => {
    if (fits(valid.nothing, request.query, response)) response.type("json").send(write.greeting({ hello: "world" }))
  })
  app.get("/v1/orders", (request, response) => {
    const query = { ...request.query }
    if (!fits(valid.page, query, response)) return
    response.type("json").send(write.page(page(request.caller.tenant, query.page_size || 50, query.page_token)))
  })
  app.get("/v1/orders/:id", (request, response) => {
    if (!fits(valid.nothing, request.query, response)) return
    const order = one(request.caller.tenant, request.params.id)
    if (order === undefined) problem(response, 404, "there is no such order")
    else response.type("json").send(write.order(order))
  })
  app.post("/v1/orders", express.json(), (request, response) => {
    if (!fits(valid.nothing, request.query, response) || !fits(valid.order, request.body, response)) return
    const order = add(request.caller.tenant, request.body, true)
    if (order === undefined) return problem(response, 409, "there is no such customer")
    response.status(201).location(`/v1/orders/${order.id}`).type("json").send(write.order(order))
  })
  app.use((error, request, response, next) => problem(response, error.status ?? 500, error.message))
}

function bareShop(app) {
  app.set("etag", false)
  app.get("/v1/hello", (request, response) => response.type("json").send(write.greeting({ hello: "world" })))
  app.get("/v1/orders", (request, response) => {
    response.type("json").send(write.page(page(TENANT, Number(request.query.page_size), undefined)))
  })
  app.get("/v1/orders/:id", (request, response) => {
    response.type("json").send(write.order(one(TENANT, request.params.id)))
  })
  app.post("/v1/orders", express.json(), (request, response) => {
    response.status(201).type("json").send(write.order(add(TENANT, request.body, false)))
  })
}

const app = express()
app.disable("x-powered-by")
app.set("query parser", "simple")
if (bare) {
  bareShop(app)
} else {
  around(app)
  shop(app)
}
app.listen(port, host)
