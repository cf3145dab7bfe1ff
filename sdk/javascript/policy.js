// The library for Mortise components in JavaScript.
//
// A component is a pure function: request and settings in, outcome and reasons out. There is no
// clock (`now` is in the request), no randomness, no file and no network. Names are those of the
// contract in the project's folder wit, in camelCase; enums are texts, what is absent is null.
// Whole numbers of the contract are within ±2^53; where products may pass that, use BigInt.

/** Every operation of every process, so that what a component leaves out is refused. */
const OPERATIONS = [
  "score",
  "clock", "availability", "serviceTime", "chain", "priority",
  "allocate", "line", "commit", "changeCost", "serviceCost", "close", "post", "runRate", "convert",
];

/**
 * The exports of a component:
 * `export const { about, settings, evaluator } = component({ name, version, summary, settings, check, score })`.
 *
 * `settings` is a tree of `whole`, `wholes`, `flag` and `choice`; `check(settings)` gives a list
 * of `problem`s that ranges cannot state. Every other function is an operation of the process:
 * it takes the request and the settings and returns `{ outcome, reasons }`.
 */
export function component({ name, version, summary, settings: tree = {}, check = () => [], ...operations }) {
  const read = (text) => {
    const found = [];
    const values = merge(tree, parse(text, found), "", found);
    return { values, problems: found.length > 0 ? found : check(values) };
  };
  const evaluator = {};
  for (const operation of OPERATIONS) {
    const decide = operations[operation];
    evaluator[operation] = (request, text) => {
      if (!decide) throw refusal("not-supported", "not-supported", "this component does not decide that");
      const { values, problems } = read(text);
      if (problems.length > 0) {
        const [{ path, message }] = problems;
        throw refusal("invalid-settings", "invalid-settings", `${path}: ${message}`);
      }
      return decide(request, values);
    };
  }
  return {
    about: { describe: () => ({ name, version, summary }) },
    settings: {
      schema: () => JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schemaOf(tree) }),
      defaults: () => JSON.stringify(defaultsOf(tree)),
      validate: (text) => {
        const { problems } = read(text);
        if (problems.length > 0) throw problems;
      },
    },
    evaluator,
  };
}

// ---- answering ----

/** Ends the operation: the request breaks a rule of the process. */
export function refuse(code, message) {
  throw refusal("invalid-request", code, message);
}

/** Why, in one step: a stable code, a sentence, named figures. */
export function reason(code, message, figures = {}) {
  return { code, message, data: Object.entries(figures).map(([name, value]) => [name, String(value)]) };
}

function refusal(tag, code, message) {
  return { tag, val: { code, message } };
}

// ---- settings ----

class Setting {
  constructor(value, schema, complaint) {
    Object.assign(this, { value, schema: { ...schema, default: value }, complaint });
  }
}

/** A whole number within bounds. */
export function whole(value, min, max, description) {
  const complaint = (given) => (within(given, min, max) ? null : `${JSON.stringify(given)} is not within ${min} to ${max}`);
  return new Setting(value, { type: "integer", minimum: min, maximum: max, description }, complaint);
}

/** As many whole numbers as there are in the default, each within bounds. */
export function wholes(value, min, max, description) {
  const fits = (given) => Array.isArray(given) && given.length === value.length && given.every((it) => within(it, min, max));
  const complaint = (given) => (fits(given) ? null : `not ${value.length} whole numbers within ${min} to ${max}`);
  const items = { type: "integer", minimum: min, maximum: max };
  return new Setting(value, { type: "array", items, minItems: value.length, maxItems: value.length, description }, complaint);
}

/** Yes or no. */
export function flag(value, description) {
  const complaint = (given) => (typeof given === "boolean" ? null : "neither true nor false");
  return new Setting(value, { type: "boolean", description }, complaint);
}

/** One of a few texts. */
export function choice(value, options, description) {
  const complaint = (given) => (options.includes(given) ? null : `none of ${options.join(", ")}`);
  return new Setting(value, { enum: options, description }, complaint);
}

/** Something that is wrong with settings; the path is a JSON Pointer. */
export function problem(path, message) {
  return { path, message };
}

function within(value, min, max) {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text, found) {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    found.push(problem("", `not JSON: ${error.message}`));
    return {};
  }
}

/** The settings given over the defaults; what does not fit is noted. */
function merge(tree, given, path, found) {
  if (tree instanceof Setting) {
    if (given === undefined) return tree.value;
    const message = tree.complaint(given);
    if (message) found.push(problem(path, message));
    return given;
  }
  if (given !== undefined && !isObject(given)) {
    found.push(problem(path, "not an object"));
    return defaultsOf(tree);
  }
  for (const name of Object.keys(given ?? {})) {
    if (!Object.hasOwn(tree, name)) found.push(problem(`${path}/${name}`, "there is no such setting"));
  }
  const own = (name) => (given !== undefined && Object.hasOwn(given, name) ? given[name] : undefined);
  return map(tree, (subtree, name) => merge(subtree, own(name), `${path}/${name}`, found));
}

function schemaOf(tree) {
  if (tree instanceof Setting) return tree.schema;
  return { type: "object", additionalProperties: false, properties: map(tree, schemaOf) };
}

function defaultsOf(tree) {
  return tree instanceof Setting ? tree.value : map(tree, defaultsOf);
}

function map(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}

// ---- money and dates ----

const DECIMALS = [
  ["BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 0],
  ["BHD IQD JOD KWD LYD OMR TND", 3],
  ["CLF UYW", 4],
];

/** The decimals that ISO 4217 gives a currency. */
export function decimals(currency) {
  return DECIMALS.find(([codes]) => codes.split(" ").includes(currency))?.[1] ?? 2;
}

/** An amount such as "-1234.5" in minor units, a BigInt. Refuses what is none, or has more decimals. */
export function minor(text, places) {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) refuse("not-a-number", `${JSON.stringify(text)} is no amount`);
  const [, sign, units, fraction = ""] = match;
  if (/[1-9]/.test(fraction.slice(places))) refuse("too-many-decimals", `${text} has more than ${places} decimals`);
  const value = BigInt(units + fraction.slice(0, places).padEnd(places, "0"));
  return sign ? -value : value;
}

/** Minor units as an amount with exactly the currency's decimals. */
export function amount(value, places) {
  const digits = String(value < 0n ? -value : value).padStart(places + 1, "0");
  const text = places > 0 ? `${digits.slice(0, -places)}.${digits.slice(-places)}` : digits;
  return value < 0n ? `-${text}` : text;
}

/** The same day so many months later, or the last of that month. Days since 1970-01-01. */
export function addMonths(date, months) {
  const day = new Date(date * 86_400_000);
  const [year, month] = [day.getUTCFullYear(), day.getUTCMonth() + months];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(day.getUTCDate(), last)) / 86_400_000;
}

// ---- service levels ----

/**
 * Both clocks of a ticket, running around the clock, and the marks that they have still to reach:
 * `{ response, resolution, milestones }`. Waiting for the customer does not count for resolution.
 * Pauses are in order and do not overlap, as the host sends them.
 */
export function aroundTheClock({ now, ticket, warnPct }, { responseS, resolutionS }) {
  const { warning, critical } = warnPct ?? { warning: 75, critical: 90 };
  const opened = ticket.openedAt;
  const milestones = [];
  const clock = (name, targetS, stop, pauses) => {
    const stopped = stop != null && stop <= now;
    const end = Math.max(stopped ? stop : now, opened);
    const paused = !stopped && pauses.some((pause) => pause.start <= now && (pause.end == null || now < pause.end));
    const within = pauses.map((pause) => [Math.max(pause.start, opened), Math.min(pause.end ?? end, end)]);
    const waits = within.filter(([from, to]) => from < to);
    const elapsedS = end - opened - waits.reduce((sum, [from, to]) => sum + to - from, 0);
    const at = (seconds) => waits.reduce((at, [from, to]) => (from < at ? at + to - from : at), opened + seconds);
    const mark = (pct) => Math.ceil((targetS * pct) / 100);
    for (const [word, pct] of stopped || paused ? [] : [["warning", warning], ["critical", critical], ["due", 100]]) {
      if (mark(pct) > elapsedS) milestones.push({ name: `${name}.${word}`, at: at(mark(pct)) });
    }
    const over = elapsedS > targetS;
    const level = over ? "breached" : elapsedS >= mark(critical) ? "critical" : elapsedS >= mark(warning) ? "warning" : "ok";
    return {
      targetS,
      elapsedS,
      remainingS: targetS - elapsedS,
      percent: targetS === 0 ? 100 : Math.floor((elapsedS * 100) / targetS),
      state: stopped ? "stopped" : paused ? "paused" : "running",
      level,
      met: stopped ? !over : undefined,
      dueAt: paused && elapsedS < targetS ? undefined : at(targetS),
      breachedAt: over ? at(targetS) : undefined,
      everBreached: over,
    };
  };
  return {
    response: clock("response", responseS, ticket.respondedAt, []),
    resolution: clock("resolution", resolutionS, ticket.restoredAt, ticket.pauses),
    milestones,
  };
}
