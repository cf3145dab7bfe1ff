// One operation.

import { el, inline, methodBadge, pathText, prose } from "./dom.js";
import { details, label, table, typeText } from "./schema.js";
import { kind as findKind, language, operation as find, words } from "./state.js";
import { tryView } from "./try.js";

export function operationView(id) {
  const operation = find(id);
  if (!operation) return null;
  const kind = findKind(operation.tag);
  const open = operation.security?.length === 0;
  return [
    el("p", { class: "kicker" },
      kind ? el("a", { href: `#/kind/${kind.slug}`, lang: language() }, words(kind.label)) : operation.tag),
    el("h1", {}, operation.summary),
    el("p", { class: "route" }, methodBadge(operation.method), " ", pathText(operation.path),
      el("button", { type: "button", class: "quiet", onclick: () => document.querySelector(".try").scrollIntoView() }, "Try it")),
    prose(operation.description),
    open && el("p", { class: "faint" }, "No token needed."),
    parameters(operation.parameters),
    body(operation.requestBody),
    tryView(operation),
    el("h2", {}, "Answers"),
    Object.entries(operation.responses).map(([status, response]) => answer(status, response)),
  ];
}

function parameters(all) {
  if (!all?.length) return null;
  const places = [["path", "In the path"], ["query", "In the query"], ["header", "Headers"]];
  return [
    el("h2", {}, "Parameters"),
    places.map(([place, title]) => {
      const some = all.filter((parameter) => parameter.in === place);
      if (some.length === 0) return null;
      const rows = some.map((parameter) => {
        const { description: _, ...schema } = parameter.schema;
        return el("div", { class: "row", role: "row" },
          el("div", { class: "name", role: "cell" },
            el("code", {}, parameter.name), parameter.required && el("span", { class: "star", title: "Required" }, "*"), label(schema)),
          el("div", { class: "type", role: "cell" }, typeText(schema)),
          el("div", { class: "text", role: "cell" }, inline(parameter.description || ""), " ", details(schema)));
      });
      const content = el("div", { class: "fields", role: "table" }, rows);
      if (some.length <= 8) return [el("h3", {}, title), content];
      return [el("h3", {}, title), el("details", { class: "more" }, el("summary", {}, `${some.length} parameters`), content)];
    }),
  ];
}

function body(requestBody) {
  if (!requestBody) return null;
  const types = Object.keys(requestBody.content);
  const schema = requestBody.content[types[0]].schema;
  return [
    el("h2", {}, "Body"),
    el("p", { class: "faint" }, types.map((type, at) => [at > 0 && " or ", el("code", {}, type)]),
      requestBody.required ? "" : " · may be left out"),
    schema && table(schema),
  ];
}

function answer(status, response) {
  const [type, content] = Object.entries(response.content || {})[0] || [];
  const good = /^[23]/.test(status);
  const headers = Object.keys(response.headers || {});
  const title = [el("b", { class: good ? "good" : "bad" }, status), " ", inline(response.description)];
  if (!content?.schema && headers.length === 0) {
    return el("div", { class: "reply" }, el("div", { class: "line" }, title, type && [" ", el("code", {}, type)]));
  }
  return el("details", { class: "reply" }, el("summary", {}, title),
    headers.length > 0 && el("p", { class: "faint" }, "Headers: ", headers.map((name, at) => [at > 0 && ", ", el("code", {}, name)])),
    content?.schema && el("p", { class: "faint" }, el("code", {}, type)),
    content?.schema && table(content.schema));
}
