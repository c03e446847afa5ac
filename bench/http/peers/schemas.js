// What the shop takes and answers, as JSON schemas.

const text = { type: "string" }
const properties = {
  customer: { type: "string", pattern: "^cus_[0-9a-z]{26}$" },
  status: { type: "string", enum: ["placed", "paid", "shipped", "cancelled"] },
  currency: { type: "string", pattern: "^[A-Z]{3}$" },
  total_cents: { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
  note: { type: "string", maxLength: 500 },
}
const order = {
  type: "object",
  properties: {
    id: text,
    customer: text,
    status: text,
    currency: text,
    total_cents: { type: "integer" },
    note: text,
    created_at: text,
    updated_at: text,
  },
}
const page = {
  type: "object",
  properties: { orders: { type: "array", items: order }, next_page_token: text },
}
const greeting = { type: "object", properties: { hello: text } }

export const answers = { order, page, greeting }

export const asked = {
  nothing: { type: "object", additionalProperties: false },
  page: {
    type: "object",
    additionalProperties: false,
    properties: { page_size: { type: "integer", minimum: 0, maximum: 1000 }, page_token: text },
  },
  order: { type: "object", additionalProperties: false, required: ["customer", "currency", "total_cents"], properties },
}
