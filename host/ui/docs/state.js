// What every view works with: the document, the language of labels, the token.

const session = {
  get(name) {
    try { return sessionStorage.getItem(name) || ""; } catch { return ""; }
  },
  set(name, value) {
    try {
      if (value) sessionStorage.setItem(name, value);
      else sessionStorage.removeItem(name);
    } catch { /* The page works without. */ }
  },
};

export const state = {
  document: null,
  kinds: [],
  operations: [],
  language: session.get("language") || "en",
  token: session.get("token"),
  who: session.get("who"),
};

export function setLanguage(language) {
  state.language = language;
  session.set("language", language);
}

export function setToken(token, who) {
  state.token = token;
  state.who = who;
  session.set("token", token);
  session.set("who", who);
}

// With a token the document has the kinds of its organisation; a token that is no longer good does not keep the page shut.
async function ask() {
  if (state.token) {
    const answer = await fetch("/openapi.json", { headers: { Authorization: `Bearer ${state.token}` } });
    if (answer.ok) return answer;
  }
  return fetch("/openapi.json");
}

export async function load() {
  const answer = await ask();
  if (!answer.ok) throw new Error(`/openapi.json answers ${answer.status}`);
  state.document = await answer.json();
  state.kinds = state.document.tags.filter((tag) => tag["x-kind"]).map((tag) => tag["x-kind"]);
  state.operations = [];
  for (const [path, item] of Object.entries(state.document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      state.operations.push({ path, method, ...operation, tag: operation.tags[0] });
    }
  }
  state.operations.sort((a, b) => a["x-order"] - b["x-order"]);
}

// A label in the chosen language; the other one if there is none.
export function words(label) {
  if (!label) return "";
  return label[state.language] || label.en || "";
}

export function language() {
  return state.language === "zh" ? "zh-CN" : "en";
}

export function operation(id) {
  return state.operations.find((one) => one.operationId === id);
}

export function kind(slug) {
  return state.kinds.find((one) => one.slug === slug);
}
