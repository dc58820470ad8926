// Sends a task, waits for its end and finds it, with a client that is made of the description alone.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

const api = createClient<paths>({ baseUrl: process.argv[2] });

const sent = await api.POST("/v1/tasks", {
  params: { header: { Prefer: "wait=30", "Idempotency-Key": "k" } },
  body: { kind: "echo", payload: { text: "hello" }, tags: ["order:1"] },
});
console.log(sent.response.status, sent.data?.state, JSON.stringify(sent.data?.result));

const found = await api.GET("/v1/tasks", { params: { query: { tag: "order:1", limit: 5 } } });
console.log(found.data?.items?.map((task) => task.kind).join(" "));

const refused = await api.POST("/v1/tasks", { body: { kind: "echo", payload: { text: "" } } });
console.log(refused.response.status, refused.error?.type, refused.error?.errors?.[0]?.pointer);
