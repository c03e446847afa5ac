// What an engineer writes with @connectrpc/connect-node and stubs of @bufbuild/protoc-gen-es: typed from end to end.
// It is checked by tsc --strict and run against a server: node echoes.js URL TRANSPORT FORM. It prints what it saw.

import { create } from "@bufbuild/protobuf";
import { createClient, Code, ConnectError } from "@connectrpc/connect";
import type { Client, Interceptor, Transport } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";

import { AskSchema, EchoesService } from "./echoes_pb.js";
import type { Ask, Echo } from "./echoes_pb.js";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./google/rpc/error_details_pb.js";

type Echoes = Client<typeof EchoesService>;
type Call = (client: Echoes, ask: Ask, options?: { timeoutMs?: number; signal?: AbortSignal }) => Promise<Echo[]>;

const LARGEST = 4 * 1024 * 1024 - 32;
const HEADERS = { authorization: "Bearer valley" };

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of items) found.push(each);
  return found;
}

async function* one<T>(item: T): AsyncIterable<T> {
  yield item;
}

const withKey: Interceptor = (next) => (request) => {
  for (const [name, value] of Object.entries(HEADERS)) request.header.set(name, value);
  return next(request);
};

function transport(baseUrl: string, kind: string, form: string, more: object): Transport {
  const options = { baseUrl, useBinaryFormat: form === "proto", interceptors: [withKey], ...more };
  switch (kind) {
    case "connect, HTTP/1.1":
      return createConnectTransport({ ...options, httpVersion: "1.1" });
    case "connect, HTTP/2":
      return createConnectTransport({ ...options, httpVersion: "2" });
    case "grpc":
      return createGrpcTransport(options);
    case "grpc-web, HTTP/1.1":
      return createGrpcWebTransport({ ...options, httpVersion: "1.1" });
    case "grpc-web, HTTP/2":
      return createGrpcWebTransport({ ...options, httpVersion: "2" });
    default:
      throw new Error(`there is no transport ${kind}`);
  }
}

const calls: Record<string, Call> = {
  echo: async (client, ask, options) => [await client.echo(ask, options)],
  repeat: (client, ask, options) => all(client.repeat(ask, options)),
  join: async (client, ask, options) => [await client.join(one(ask), options)],
  talk: (client, ask, options) => all(client.talk(one(ask), options)),
};

/** Wait until the server has seen calls come, or go. */
async function until(client: Echoes, holds: (seen: { begun: number; cancelled: number }) => boolean): Promise<boolean> {
  for (let n = 0; n < 500; n++) {
    if (holds(await client.seen({}))) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

async function failure(promise: Promise<unknown>): Promise<ConnectError> {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("it did not fail");
}

async function tryAll(client: Echoes, call: Call): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const ask = (fields: Partial<Omit<Ask, "$typeName" | "$unknown">>): Ask => create(AskSchema, fields);
  seen["answer"] = (await call(client, ask({ text: "hello ☺" }))).map((each) => [each.text, each.number]);

  const codes: string[] = [];
  for (let code = Code.Canceled; code <= Code.Unauthenticated; code++) {
    const name = code === Code.Canceled ? "CANCELLED" : Code[code].replace(/(?<!^)([A-Z])/g, "_$1").toUpperCase();
    const error = await failure(call(client, ask({ fault: name })));
    if (error.code === code && error.rawMessage === `${name}: ☺ 100 %`) codes.push(name);
  }
  seen["faults"] = codes.length;

  const lost = await failure(call(client, ask({ fault: "lost" })));
  const info = need(lost.findDetails(ErrorInfoSchema)[0], "ErrorInfo");
  const retry = need(lost.findDetails(RetryInfoSchema)[0]?.retryDelay, "RetryInfo");
  seen["details"] = [Code[lost.code], info.reason, info.domain, info.metadata, Number(retry.seconds), retry.nanos];
  const wrong = await failure(call(client, ask({ times: -1 })));
  seen["violations"] = wrong.findDetails(BadRequestSchema).flatMap((each) => each.fieldViolations.map((v) => v.field));

  let before = await client.seen({});
  const late = await failure(call(client, ask({ pause: 30 }), { timeoutMs: 200 }));
  seen["deadline"] = [Code[late.code], await until(client, (now) => now.cancelled > before.cancelled)];

  before = await client.seen({});
  const leaving = new AbortController();
  const left = failure(call(client, ask({ pause: 30 }), { signal: leaving.signal }));
  const begun = await until(client, (now) => now.begun > before.begun);
  leaving.abort();
  seen["leaving"] = [begun, Code[(await left).code], await until(client, (now) => now.cancelled > before.cancelled)];

  const largest = "ab".repeat(LARGEST / 2);
  seen["large"] = (await call(client, ask({ text: largest }))).map((each) => each.text === largest);
  const tooLarge = await failure(call(client, ask({ text: largest + "c".repeat(100) })));
  seen["too large"] = Code[tooLarge.code];
  return seen;
}

/** Each question waits for the answer before it. */
async function pingPong(client: Echoes): Promise<string[]> {
  let goOn: () => void = () => {};
  async function* asks(): AsyncIterable<Ask> {
    for (const text of "abc") {
      const answered = new Promise<void>((resolve) => (goOn = resolve));
      yield create(AskSchema, { text });
      await answered;
    }
  }
  const heard: string[] = [];
  for await (const each of client.talk(asks())) {
    heard.push(each.text);
    goOn();
  }
  return heard;
}

async function main(url: string, kind: string, form: string): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const plain = createClient(EchoesService, transport(url, kind, form, { acceptCompression: [] }));
  for (const [name, call] of Object.entries(calls)) seen[name] = await tryAll(plain, call);
  seen["many"] = (await all(plain.repeat({ text: "a", times: 50 }))).length;
  if (!kind.endsWith("HTTP/1.1")) seen["ping pong"] = (await pingPong(plain)).join("");

  if (kind.startsWith("connect")) {
    const getting = createClient(EchoesService, transport(url, kind, form, { useHttpGet: true }));
    seen["by GET"] = (await getting.echo({ text: "hello ☺" })).text;
  }

  const compression = { acceptCompression: [compressionGzip], sendCompression: compressionGzip, compressMinBytes: 1 };
  const compressed = createClient(EchoesService, transport(url, kind, form, compression));
  const text = "again ".repeat(10_000);
  for (const [name, call] of Object.entries(calls)) {
    const answers = await call(compressed, create(AskSchema, { text }));
    seen[`${name}, compressed`] = answers.map((each) => each.text === text);
  }
  return seen;
}

const [, , url, kind, form] = process.argv;
console.log(JSON.stringify(await main(need(url, "URL"), need(kind, "transport"), need(form, "form"))));
process.exit(0); // idle connections would keep it
