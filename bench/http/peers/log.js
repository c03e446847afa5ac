// The access log of the peers on Node: a line of JSON a request, with the members of ours, by pino. Pino gathers
// 4 KiB before it writes, which is its fast way: a process that dies takes up to so many lines along.

import pino from "pino"

const log = pino(
  { base: null, messageKey: "message", timestamp: () => `,"time":"${new Date().toISOString()}"` },
  pino.destination({ dest: 1, sync: false, minLength: 4096, periodicFlush: 500 }),
)

export function access(request_id, method, path, status, bytes, started, peer, operation, caller) {
  log.info({
    request_id,
    method,
    path,
    status,
    bytes,
    ms: Math.round((performance.now() - started) * 1000) / 1000,
    peer,
    surface: "partner",
    operation,
    principal: caller?.owner,
    tenant: caller?.tenant,
    credential: caller?.prefix,
  })
}
