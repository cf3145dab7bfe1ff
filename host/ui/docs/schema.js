// Showing schemas, and making examples from them.

import { el, inline } from "./dom.js";
import { language, state, words } from "./state.js";

const DEPTH = 3;

// Follows references and steps over the null of a nullable value.
export function resolve(schema) {
  let current = schema || {};
  for (let steps = 0; steps < 20; steps += 1) {
    if (current.$ref) {
      const target = current.$ref.slice(2).split("/").reduce((value, key) => value?.[key], state.document) || {};
      const { $ref: _, ...own } = current;
      current = { ...target, ...own };
    } else if (current.anyOf?.length === 2 && current.anyOf[1].type === "null") {
      const { anyOf, ...own } = current;
      current = { ...own, ...resolve(anyOf[0]), nullable: true };
    } else if (current.allOf) {
      const parts = current.allOf.map(resolve);
      return {
        type: "object",
        properties: Object.assign({}, ...parts.map((part) => part.properties)),
        required: parts.flatMap((part) => part.required || []),
      };
    } else {
      return current;
    }
  }
  return current;
}

// The type in a few words: the kind file's own where there is one.
export function typeText(schema) {
  const s = resolve(schema);
  if (s.enum && !s["x-type"]) return "text";
  if (s["x-type"]) return s["x-type"].startsWith("enum(") ? "enum" : s["x-type"];
  if (s.type === "array") return `list of ${typeText(s.items || {})}`;
  if (Array.isArray(s.type)) return s.type.map(plain).join(" or ");
  if (s.format === "date-time") return "instant";
  return s.format || plain(s.type);
}

function plain(type) {
  return { string: "text", integer: "int", boolean: "bool" }[type] || type || "any";
}

function limits(s) {
  const found = [];
  if (s.minimum !== undefined && s.maximum !== undefined) found.push(`${s.minimum} to ${s.maximum}`);
  else if (s.minimum !== undefined) found.push(`at least ${s.minimum}`);
  else if (s.maximum !== undefined) found.push(`at most ${s.maximum}`);
  if (s.default !== undefined) found.push(`default ${JSON.stringify(s.default)}`);
  return found.join(", ");
}

export function label(schema) {
  const text = words(resolve(schema)["x-label"]);
  return text && el("span", { class: "label", lang: language() }, text);
}

export function details(schema) {
  const s = resolve(schema);
  const options = s.enum || s.items?.enum || s["x-options"];
  return [
    s.description && el("span", {}, inline(s.description), " "),
    options && el("span", { class: "options" }, options.map((option) => el("code", {}, String(option)))),
    limits(s) && el("span", { class: "limits" }, limits(s)),
    s["x-indexed"] && el("span", { class: "note", title: "Lists can filter and sort by it" }, "indexed"),
    s.readOnly && el("span", { class: "note", title: "Filled by the server" }, "read-only"),
  ];
}

function row(name, schema, required, depth) {
  const s = resolve(schema);
  return el(
    "div",
    { class: "row", role: "row" },
    el("div", { class: `name depth-${depth}`, role: "cell" },
      el("code", {}, name), required && el("span", { class: "star", title: "Required" }, "*"), label(schema)),
    el("div", { class: "type", role: "cell" }, typeText(schema), s.nullable && el("span", { class: "null" }, " or null")),
    el("div", { class: "text", role: "cell" }, details(schema)),
  );
}

function rows(schema, depth, out) {
  const s = resolve(schema);
  const required = new Set(s.required || []);
  for (const name of names(s)) {
    const property = s.properties[name];
    out.push(row(name, property, required.has(name), depth));
    const inner = resolve(property);
    const nested = inner.type === "array" ? resolve(inner.items || {}) : inner;
    if (depth < DEPTH && nested.properties && !isMoney(nested)) rows(nested, depth + 1, out);
  }
}

// Members in the order of the kind's file, where there is one.
export function names(schema) {
  const known = Object.keys(schema.properties || {});
  const order = (schema["x-order"] || []).filter((name) => known.includes(name));
  return [...order, ...known.filter((name) => !order.includes(name))];
}

function isMoney(schema) {
  const known = Object.keys(schema.properties || {});
  return known.length === 2 && known.includes("amount") && known.includes("currency");
}

// A table of an object's members.
export function table(schema) {
  const out = [];
  const s = resolve(schema);
  rows(s.type === "array" ? s.items : s, 0, out);
  if (out.length === 0) return el("p", { class: "faint" }, "Any JSON.");
  return el("div", { class: "fields", role: "table" }, out);
}

// A likely value.
export function example(schema, name = "") {
  const s = resolve(schema);
  if (s.default !== undefined) return s.default;
  if (s.examples?.length) return s.examples[0];
  if (s.enum?.length) return s.enum[0];
  if (s.format === "date") return new Date().toISOString().slice(0, 10);
  if (s.format === "date-time") return `${new Date().toISOString().slice(0, 19)}Z`;
  if (s.format === "uuid") return "01990000-0000-7000-8000-000000000000";
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (type === "array") return s.prefixItems ? s.prefixItems.map((item) => example(item)) : [example(s.items || {}, name)];
  if (type === "object" || s.properties) return object(s, names(s));
  if (type === "integer" || type === "number") return s.minimum ?? 1;
  if (type === "boolean") return true;
  if (s.pattern === "^[0-9a-f]{64}$") return "0".repeat(64);
  if (s.pattern?.startsWith("^[A-Z]{2,5}-")) return "INC-2026-000001";
  if (s["x-type"] === "user" || s["x-type"]?.includes("user")) return "alice";
  return s.title || name || "text";
}

function object(s, some) {
  return Object.fromEntries(some.map((name) => [name, example(s.properties[name], name)]));
}

// What has to be there, and everything that may be.
export function smallest(schema) {
  const s = resolve(schema);
  return object(s, s.required || []);
}

export function whole(schema) {
  const s = resolve(schema);
  return object(s, names(s));
}
