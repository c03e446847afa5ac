// What a partner's engineer writes with the generated TypeScript client: typed from end to end.
// It is checked by tsc --strict and run against a server: node orders.js URL KEY. It prints what it saw.

import { cancelOrder, createCustomer, createOrder, getOrder, listOrders, updateOrder } from "./shop/index.js";
import type { Order, OrderStatus, Problem } from "./shop/index.js";
import { client } from "./shop/client.gen.js";

const KNOWN: ReadonlySet<string> = new Set<OrderStatus>(["placed", "paid", "cancelled"]);

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}

/** The status, the code and where it is wrong. */
function problem(answer: { error?: Problem | undefined; response?: Response | undefined }): unknown[] {
  const error = need(answer.error, "problem");
  return [need(answer.response, "response").status, error.code, (error.errors ?? []).map((each) => each.pointer)];
}

async function main(baseUrl: string, key: string): Promise<Record<string, unknown>> {
  client.setConfig({ baseUrl, auth: key });
  const page = need((await listOrders({ query: { page_size: 3, order_by: "placed_on" } })).data, "page");
  const statuses = new Set<string>(page.orders.map((each: Order) => each.status));
  const seen: Record<string, unknown> = {
    listed: page.orders.length,
    "goes on": page.next_page_token !== "",
    unknown: [...statuses].filter((each) => !KNOWN.has(each)).sort(),
  };

  const ann = need((await createCustomer({ body: { name: "Ann", email: "ann@typescript.example" } })).data, "customer");
  const created = await createOrder({
    body: { customer: ann.id, placed_on: "2026-11-22", quantity: 2, total_cents: 1999 },
  });
  const order = need(created.data, "order");
  const answered = need(created.response, "response");
  const etag = need(answered.headers.get("etag") ?? undefined, "ETag");
  seen["created"] = [answered.status, order.status];

  const path = { id: order.id };
  const unchanged = await getOrder({ path, headers: { "If-None-Match": etag } });
  seen["unchanged"] = need(unchanged.response, "response").status;

  const headers = { "If-Match": etag };
  const patched = need((await updateOrder({ path, headers, body: { quantity: 3 } })).data, "patched order");
  seen["patched"] = patched.quantity;
  seen["stale"] = problem(await updateOrder({ path, headers, body: { quantity: 4 } }));

  const cancelled = need((await cancelOrder({ path })).data, "cancelled order");
  seen["cancelled"] = cancelled.status === "cancelled";
  seen["wrong"] = problem(await updateOrder({ path, body: { quantity: 0 } }));
  return seen;
}

console.log(JSON.stringify(await main(need(process.argv[2], "URL"), need(process.argv[3], "key"))));
