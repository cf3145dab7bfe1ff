// A record kind: its operations, lifecycle and fields.

import { el } from "./dom.js";
import { table } from "./schema.js";
import { operationList } from "./start.js";
import { kind as find, language, state, words } from "./state.js";

export function kindView(slug) {
  const kind = find(slug);
  if (!kind) return null;
  const own = state.operations.filter((one) => one.tag === slug);
  const shared = state.operations.filter((one) => one.tag === "Records");
  const processes = kind.decisions.map((hook) => hook.process);
  return [
    el("p", { class: "kicker" }, `Record kind · ${kind.prefix} · ISO/IEC 20000-1 clause ${kind.clause}`),
    el("h1", { lang: language() }, words(kind.label)),
    processes.length > 0 && el("p", { class: "lead" },
      "A component decides about these records: ", processes.map((name) => el("code", { class: "chip" }, name))),
    el("h2", {}, "Operations"),
    operationList([...own, ...shared]),
    el("h2", {}, "Who may"),
    access(kind.access),
    el("h2", {}, "Lifecycle"),
    states(kind),
    transitions(kind),
    el("h2", {}, "Fields"),
    el("p", { class: "faint" }, "* always there in an answer. A field without a value is absent."),
    table({ $ref: `#/components/schemas/${kind.schema}` }),
  ];
}

function access(access) {
  const line = (name, grants) => el("div", { class: "pair" },
    el("dt", {}, name), el("dd", {}, grants.length ? grants.map((grant) => chip(grant)) : "nobody"));
  return el("dl", { class: "pairs" }, line("Create", access.create), line("Read", access.read), line("Update", access.update));
}

function chip(grant) {
  if (typeof grant === "object") {
    const values = (value) => [value].flat().join(" or ");
    const where = Object.entries(grant.where).map(([field, value]) => `${field}: ${values(value)}`).join(", ");
    return el("span", { class: "chip", title: `Only records with ${where}` }, `${grant.role} (${where})`);
  }
  const [role, own] = grant.split(":");
  return el("span", { class: "chip", title: own ? "Only records of their own" : undefined }, own ? `${role} (own)` : role);
}

function states(kind) {
  return el("ul", { class: "states" }, kind.states.map((state) => el("li", {
    class: `${state.name === kind.initial ? "first" : ""} ${state.closed ? "closed" : ""}`,
    title: state.closed ? "Read-only" : undefined,
  },
  el("code", {}, state.name),
  el("span", { lang: language() }, words(state.label)))));
}

function transitions(kind) {
  return el("div", { class: "fields steps", role: "table" }, kind.transitions.map((step) => {
    const roles = step.all_of.length ? step.all_of : step.roles;
    const notes = [
      step.all_of.length > 0 && "All have to sign. ",
      step.require.length > 0 && ["Needs ", step.require.map((name, at) => [at > 0 && ", ", el("code", {}, name)]), ". "],
      step.reason && "Needs a reason. ",
      step.separate.length > 0 && ["Not by ", step.separate.map((name, at) => [at > 0 && ", ", el("code", {}, name)]), ". "],
    ];
    return el("div", { class: "row", role: "row" },
      el("div", { class: "name", role: "cell" }, el("code", {}, step.name)),
      el("div", { class: "type", role: "cell" }, step.from, " → ", step.to),
      el("div", { class: "text", role: "cell" }, roles.map((role) => chip(role)), " ", notes));
  }));
}
