// Fastify, with response schemas. `BARE=1`: routing, SQL and JSON, and nothing else.

import { hash, randomUUID } from "node:crypto"
import Fastify from "fastify"
import { access } from "./log.js"
import { answers, asked } from "./schemas.js"
import { TENANT, add, caller, one, page } from "./shop.js"

const [host, port, bare] = ["127.0.0.1", Number(process.env.PORT), process.env.BARE === "1"]
const PROBLEM = "application/problem+json"

function problem(reply, status, detail) {
  reply.code(status).type(PROBLEM).send(JSON.stringify({ type: "about:blank", status, detail }))
}

function shop(app) {
  const { nothing } = asked
  app.get("/v1/hello", { schema: { querystring: nothing, response: { 200: answers.greeting } } }, (request, reply) => {
    reply.send({ hello: "world" })
  })
  app.get("/v1/orders", { schema: { querystring: asked.page, response: { 200: answers.page } } }, (request, reply) => {
    const { page_size, page_token } = request.query
    reply.send(page(request.caller.tenant, page_size || 50, page_token))
  })
  app.get("/v1/orders/:id", { schema: { querystring: nothing, response: { 200: answers.order } } }, (request, reply) => {
    const order = one(request.caller.tenant, request.params.id)
    if (order === undefined) problem(reply, 404, "there is no such order")
    else reply.send(order)
  })
  const creating = { schema: { body: asked.order, querystring: nothing, response: { 201: answers.order } } }
  app.post("/v1/orders", creating, (request, reply) => {
    const order = add(request.caller.tenant, request.body, true)
    if (order === undefined) problem(reply, 409, "there is no such customer")
    else reply.code(201).header("location", `/v1/orders/${order.id}`).send(order)
  })
}

/** Who calls, the entity tag, the log: what ours does for each request. */
function around(app) {
  app.decorateRequest("caller", null)
  app.decorateRequest("started", 0)
  app.addHook("onRequest", (request, reply, done) => {
    request.started = performance.now()
    reply.header("x-request-id", request.id)
    request.caller = caller(request.headers.authorization)
    if (request.caller === undefined) problem(reply.header("www-authenticate", "Bearer"), 401, "no key")
    else done()
  })
  app.addHook("onSend", (request, reply, payload, done) => {
    if (reply.statusCode > 299) return done()
    const tag = `"${hash("sha1", payload, "base64url")}"`
    reply.header("etag", tag)
    if (request.method !== "GET") return done(null, payload)
    reply.header("cache-control", "private, no-cache").header("vary", "Accept-Encoding, Authorization")
    if (request.headers["if-none-match"] !== tag) return done(null, payload)
    reply.code(304).removeHeader("content-length")
    done(null, null)
  })
  app.addHook("onResponse", (request, reply, done) => {
    const [path] = request.url.split("?", 1)
    const bytes = Number(reply.getHeader("content-length") ?? 0)
    const operation = request.routeOptions.url
    access(request.id, request.method, path, reply.statusCode, bytes, request.started, request.ip, operation, request.caller)
    done()
  })
  app.setErrorHandler((error, request, reply) => {
    problem(reply, error.validation === undefined ? (error.statusCode ?? 500) : 422, error.message)
  })
}

function bareShop(app) {
  app.get("/v1/hello", { schema: { response: { 200: answers.greeting } } }, (request, reply) => {
    reply.send({ hello: "world" })
  })
  app.get("/v1/orders", { schema: { response: { 200: answers.page } } }, (request, reply) => {
    reply.send(page(TENANT, Number(request.query.page_size), undefined))
  })
  app.get("/v1/orders/:id", { schema: { response: { 200: answers.order } } }, (request, reply) => {
    reply.send(one(TENANT, request.params.id))
  })
  app.post("/v1/orders", { schema: { response: { 201: answers.order } } }, (request, reply) => {
    reply.code(201).send(add(TENANT, request.body, false))
  })
}

const app = Fastify({
  genReqId: () => randomUUID(),
  requestIdHeader: bare ? false : "x-request-id",
  ajv: { customOptions: { removeAdditional: false, allErrors: !bare } },
})
if (bare) {
  bareShop(app)
} else {
  around(app)
  shop(app)
}
await app.listen({ host, port })
