// Sending a request from the page.

import { codeBlock, copyButton, el } from "./dom.js";
import { example, resolve, smallest, whole } from "./schema.js";
import { state } from "./state.js";

const SHOWN = 200_000;

export function tryView(operation) {
  const { method, path } = operation;
  const parameters = operation.parameters || [];
  const inputs = new Map();
  const content = operation.requestBody?.content;
  const upload = content && !Object.values(content)[0].schema;
  const schema = content && !upload ? Object.values(content)[0].schema : null;
  const starting = schema && (operation.requestBody.required && method !== "patch" ? smallest(schema) : {});
  const body = schema && el("textarea", { rows: "10", spellcheck: "false", "aria-label": "Body" });
  if (body) body.value = JSON.stringify(starting, null, 2);
  const file = upload && el("input", { type: "file", accept: content["application/wasm"] ? ".wasm" : "", "aria-label": "File" });
  const output = el("div", { class: "output", "aria-live": "polite" });
  const send = el("button", { type: "submit", class: "main" }, "Send");
  const stop = el("button", { type: "button", class: "quiet", hidden: true }, "Stop");

  const fields = parameters.map((parameter) => {
    const input = inputFor(parameter);
    inputs.set(parameter, input);
    return el("label", { class: parameter.in }, el("span", {}, parameter.name, parameter.required && el("i", { class: "star" }, "*")), input);
  });
  const few = fields.filter((_, at) => parameters[at].in === "path" || parameters.length <= 8);
  const rest = fields.filter((field) => !few.includes(field));

  function request() {
    let target = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [parameter, input] of inputs) {
      const value = input.value.trim();
      if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value || `{${parameter.name}}`));
      else if (value && parameter.in === "query") {
        const values = parameter.schema.type === "array" ? value.split(/[\s,]+/) : [value];
        for (const one of values) query.append(parameter.name, one);
      } else if (value) headers[parameter.name] = value;
    }
    const text = body && body.value.trim();
    if (content && (upload || text)) headers["Content-Type"] = Object.keys(content)[0];
    const url = query.size > 0 ? `${target}?${query}` : target;
    return { url, headers, text };
  }

  function curl() {
    const { url, headers, text } = request();
    const quote = (value) => `'${value.replaceAll("'", "'\\''")}'`;
    const parts = [`curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quote(location.origin + url)}`];
    if (operation.security?.length !== 0) parts.push('-H "Authorization: Bearer $TOKEN"');
    for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quote(`${name}: ${value}`)}`);
    if (upload) parts.push("--data-binary @FILE");
    else if (text) parts.push(`-d ${quote(text)}`);
    return parts.join(" \\\n  ");
  }

  async function run(event) {
    event.preventDefault();
    const { url, headers, text } = request();
    if (state.token && operation.security?.length !== 0) headers.Authorization = `Bearer ${state.token}`;
    const control = new AbortController();
    stop.onclick = () => control.abort();
    send.disabled = true;
    stop.hidden = false;
    output.replaceChildren(el("p", { class: "faint" }, "Waiting…"));
    const started = performance.now();
    try {
      const payload = upload ? file.files[0] : text || undefined;
      const answer = await fetch(url, { method: method.toUpperCase(), headers, body: payload, signal: control.signal });
      await show(answer, output, started);
    } catch (error) {
      const message = error.name === "AbortError" ? "Stopped." : `The request failed: ${error.message}`;
      output.append(el("p", { class: "faint" }, message));
    } finally {
      send.disabled = false;
      stop.hidden = true;
    }
  }

  const fill = schema && Object.keys(resolve(schema).properties || {}).length > 0 && el("button", {
    type: "button", class: "quiet", onclick: () => { body.value = JSON.stringify(whole(schema), null, 2); },
  }, "Fill in every field");

  return el("section", { class: "try" },
    el("h2", {}, "Try it"),
    el("form", { onsubmit: run },
      few.length > 0 && el("div", { class: "inputs" }, few),
      rest.length > 0 && el("details", { class: "more" }, el("summary", {}, "Filters and headers"), el("div", { class: "inputs" }, rest)),
      body && el("div", { class: "body" }, body, fill),
      file && el("label", { class: "file" }, "Component", file),
      el("div", { class: "actions" }, send, stop, copyCurl(curl),
        !state.token && operation.security?.length !== 0 && el("span", { class: "faint" }, "Without a token the answer is 401."))),
    output);
}

function copyCurl(curl) {
  const button = copyButton(curl);
  button.className = "quiet";
  button.textContent = "Copy as curl";
  return button;
}

function inputFor(parameter) {
  const schema = resolve(parameter.schema);
  const options = schema.enum || (schema.type === "boolean" ? ["true", "false"] : null);
  if (options) {
    const empty = parameter.required ? [] : [el("option", { value: "" }, "")];
    return el("select", {}, empty, options.map((option) => el("option", { value: option }, option)));
  }
  const hint = parameter.in === "path" ? String(example(schema, parameter.name)) : schema["x-type"] || "";
  return el("input", { type: "text", placeholder: hint, required: parameter.required, spellcheck: "false", autocomplete: "off" });
}

async function show(answer, output, started) {
  const took = Math.round(performance.now() - started);
  const good = answer.ok || answer.status === 304;
  const line = el("p", { class: "status" }, el("b", { class: good ? "good" : "bad" }, `${answer.status} ${answer.statusText}`), ` in ${took} ms`);
  const wanted = ["etag", "location", "link", "idempotent-replay", "retry-after", "allow", "x-request-id"];
  const headers = wanted.filter((name) => answer.headers.has(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
  const type = answer.headers.get("content-type") || "";
  output.replaceChildren(line, headers.length > 0 && el("pre", { class: "headers" }, headers.join("\n")));
  if (type.startsWith("text/event-stream")) return stream(answer, output);
  let text = await answer.text();
  if (type.includes("json")) {
    try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* Shown as it came. */ }
  }
  if (text.length > SHOWN) text = `${text.slice(0, SHOWN)}\n… ${text.length - SHOWN} more characters`;
  if (text) output.append(codeBlock(text));
  return undefined;
}

async function stream(answer, output) {
  const text = el("code", {});
  output.append(el("div", { class: "block" }, el("pre", {}, text)));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text.textContent = (text.textContent + value).slice(-SHOWN);
  }
}
