// The first page.

import { codeBlock, el, methodBadge, prose } from "./dom.js";
import { language, state, words } from "./state.js";

export function startView() {
  const { info } = state.document;
  const kinds = [...state.kinds].sort((a, b) => words(a.label).localeCompare(words(b.label), language()));
  const groups = state.document.tags.filter((tag) => !tag["x-kind"]);
  return [
    el("p", { class: "kicker" }, `Version ${info.version} · OpenAPI 3.1`),
    el("h1", {}, "Mortise API"),
    el("p", { class: "lead" }, `${info.summary}.`),
    codeBlock(`curl ${location.origin}/api/v1/me -H "Authorization: Bearer $TOKEN"`),
    prose(info.description),
    el("p", {}, "The same for machines: ", el("a", { href: "/openapi.json" }, "openapi.json"), "."),
    el("h2", {}, "Record kinds"),
    el("ul", { class: "cards" }, kinds.map((kind) => el("li", {},
      el("a", { href: `#/kind/${kind.slug}` },
        el("strong", { lang: language() }, words(kind.label)),
        el("span", {}, kind.prefix, " · ", el("code", {}, kind.slug)))))),
    groups.map((group) => {
      const operations = state.operations.filter((one) => one.tag === group.name);
      return operations.length > 0 && [
        el("h2", {}, group.name),
        el("p", { class: "faint" }, group.description),
        operationList(operations),
      ];
    }),
  ];
}

export function operationList(operations) {
  return el("ul", { class: "operations" }, operations.map((one) => el("li", {},
    el("a", { href: `#/operation/${one.operationId}` },
      methodBadge(one.method), el("span", { class: "summary" }, one.summary), el("code", {}, one.path)))));
}
