// The page: contents, language, token, and which view is shown.

import { el, methodBadge } from "./dom.js";
import { kindView } from "./kind.js";
import { operationView } from "./operation.js";
import { startView } from "./start.js";
import { language, load, setLanguage, setToken, state, words } from "./state.js";

const byId = (id) => document.getElementById(id);
const main = byId("main");
const nav = byId("nav");

function view() {
  const [, what, name] = decodeURIComponent(location.hash).split("/");
  if (!what) return startView();
  if (what === "kind") return kindView(name);
  if (what === "operation") return operationView(name);
  return null;
}

function render() {
  const content = view() || [el("h1", {}, "Not here"), el("p", {}, "Nothing has this name. ", el("a", { href: "#/" }, "Back to the start"))];
  main.replaceChildren(...content.flat(Infinity).filter(Boolean));
  const title = main.querySelector("h1")?.textContent;
  document.title = title && title !== "Mortise API" ? `${title} · Mortise API` : "Mortise API";
  for (const link of nav.querySelectorAll("a")) {
    const here = link.getAttribute("href") === (location.hash || "#/");
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    if (here) link.closest("details")?.setAttribute("open", "");
  }
}

function tree() {
  const wanted = byId("find").value.trim().toLowerCase();
  const matches = (...texts) => texts.some((text) => text.toLowerCase().includes(wanted));
  const link = (one) => el("li", {}, el("a", { href: `#/operation/${one.operationId}` }, methodBadge(one.method), el("span", {}, one.summary)));
  const groups = state.document.tags.filter((tag) => !tag["x-kind"]).map((tag) => {
    const some = state.operations.filter((one) => one.tag === tag.name && matches(tag.name, one.summary, one.path));
    return some.length > 0 && el("details", { open: wanted !== "" }, el("summary", {}, tag.name), el("ul", {}, some.map(link)));
  });
  const sorted = [...state.kinds].sort((a, b) => words(a.label).localeCompare(words(b.label), language()));
  const kinds = sorted.map((kind) => {
    const all = state.operations.filter((one) => one.tag === kind.slug);
    const whole = matches(kind.slug, kind.prefix, kind.label.en, kind.label.zh);
    const some = whole ? all : all.filter((one) => matches(one.summary));
    return some.length > 0 && el("details", {},
      el("summary", { lang: language() }, words(kind.label), el("small", {}, kind.prefix)),
      el("ul", {}, el("li", {}, el("a", { href: `#/kind/${kind.slug}` }, el("span", {}, "Fields and lifecycle"))), some.map(link)));
  });
  const shown = kinds.filter(Boolean);
  byId("tree").replaceChildren(
    el("p", { class: "home" }, el("a", { href: "#/" }, "Start")),
    ...groups.filter(Boolean),
    shown.length > 0 ? el("h2", {}, "Record kinds") : "",
    ...shown,
  );
}

function showToken() {
  const button = byId("token");
  button.textContent = state.token ? state.who || "Token set" : "Token";
  button.classList.toggle("set", Boolean(state.token));
}

async function useToken() {
  const token = byId("token-text").value.trim();
  const answer = byId("token-answer");
  if (!token) {
    answer.textContent = "Paste a token first.";
    return;
  }
  answer.textContent = "Checking…";
  try {
    const reply = await fetch("/api/v1/me", { headers: { Authorization: `Bearer ${token}` } });
    const body = await reply.json();
    if (!reply.ok) {
      answer.textContent = body.detail || `The server answers ${reply.status}.`;
      return;
    }
    setToken(token, body.user);
    await load();
    tree();
    answer.textContent = `${body.user} of ${body.organisation.name}: ${body.roles.map((role) => role.code).join(", ")}`;
    showToken();
    render();
  } catch (error) {
    answer.textContent = `The token cannot be checked: ${error.message}`;
  }
}

function toggleNav(open) {
  document.body.classList.toggle("nav-open", open);
  byId("menu").setAttribute("aria-expanded", String(open));
}

function wire() {
  for (const button of document.querySelectorAll("[data-language]")) {
    const press = () => {
      for (const other of document.querySelectorAll("[data-language]")) {
        other.setAttribute("aria-pressed", String(other.dataset.language === state.language));
      }
    };
    button.addEventListener("click", () => {
      setLanguage(button.dataset.language);
      press();
      tree();
      render();
    });
    press();
  }
  byId("find").addEventListener("input", tree);
  byId("menu").addEventListener("click", () => toggleNav(!document.body.classList.contains("nav-open")));
  byId("token").addEventListener("click", () => {
    byId("token-text").value = state.token;
    byId("token-answer").textContent = "";
    byId("sign-in").showModal();
  });
  byId("token-use").addEventListener("click", useToken);
  byId("token-text").addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      useToken();
    }
  });
  byId("token-forget").addEventListener("click", async () => {
    setToken("", "");
    await load();
    tree();
    byId("token-text").value = "";
    byId("token-answer").textContent = "Forgotten.";
    showToken();
    render();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") toggleNav(false);
    if (event.key === "/" && !/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      byId("find").focus();
    }
  });
  addEventListener("hashchange", () => {
    toggleNav(false);
    render();
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  });
}

try {
  await load();
  wire();
  showToken();
  tree();
  render();
} catch (error) {
  main.replaceChildren(el("h1", {}, "The documentation cannot be shown"), el("p", {}, error.message));
}
