// Change risk as the guide scores it, for those who have been woken by a change that was "only
// the usual": `friday_surcharge` adds points to a change whose attribute `change.weekday` says
// that it goes live on a Friday. Without that setting the scores are the guide's.

import { component, flag, problem, reason, refuse, whole } from "../mortise/policy.js";
import { FACTORS, factors, factorSettings, WORST } from "./factors.js";
import { circumstances } from "./circumstances.js";

const SETTINGS = {
  ...factorSettings,
  surcharges: {
    emergency: whole(10, 0, 100, "The change is an emergency."),
    previous_attempt_failed: whole(5, 0, 100, "An earlier attempt failed."),
    friday: whole(0, 0, 100, "The change goes live on a Friday."),
  },
  bands: {
    medium: whole(25, 1, 100, "From here on the risk is medium."),
    high: whole(50, 1, 100, "From here on the risk is high."),
    very_high: whole(75, 1, 100, "From here on the risk is very high."),
  },
  board_sees_every_emergency: flag(false, "Emergencies need the review of the whole board afterwards, too."),
};

function check({ weights, bands }) {
  const sum = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return [
    ...(sum === 100 ? [] : [problem("/weights", `the weights add up to ${sum}, not to 100`)]),
    ...(bands.medium <= bands.high ? [] : [problem("/bands/high", "is below medium")]),
    ...(bands.high <= bands.very_high ? [] : [problem("/bands/very_high", "is below high")]),
  ];
}

function score(request, settings) {
  refuseContradictions(request);
  const table = factors(request, settings);
  const missing = table.filter((factor) => factor.missing).map((factor) => factor.name);
  // The sort is stable: factors of equal points keep the order of the table.
  const ranked = table.toSorted((a, b) => b.points - a.points);

  const base = Math.floor((sum(ranked.map((factor) => factor.points)) + 50) / 100);
  const surcharges = surchargesOf(request, settings.surcharges);
  const surcharge = sum(surcharges.map(([, points]) => points));
  const total = Math.min(base + surcharge, WORST);
  const band = bandOf(total, settings.bands);

  const special = circumstances(request, settings);
  const emergency = request.changeType === "emergency";
  const asStandard = request.changeType === "standard";
  const preapproved = asStandard && request.modelApproved && band === "low" && missing.length === 0 && special.length === 0;
  const risky = band === "high" || band === "very-high";

  const conditions = special.map((it) => it.condition).filter((condition) => condition !== null);
  if (risky || emergency) conditions.push("post-implementation-review");
  if (emergency) conditions.push("cab-ratification-within-2-working-days");
  if (emergency && settings.board_sees_every_emergency) conditions.push("cab-review-of-emergency");

  const flags = special.map((it) => it.flag);
  if (asStandard && !preapproved) flags.push("standard-disqualified");

  const route = emergency ? "ecab"
    : preapproved ? "standard"
    : risky || special.some((it) => it.needsBoard) ? "cab"
    : "change-manager";

  return {
    outcome: {
      score: total,
      base,
      surcharge,
      band,
      route,
      blocked: !emergency && request.timing === "blackout",
      topManagementSignoff: band === "very-high",
      conditions: conditions.sort(),
      flags,
      missing,
      factors: ranked.map(({ name, value, weight, points }) => ({ factor: name, value, weight, points })),
    },
    reasons: [
      ...ranked.map(explain),
      ...surcharges.map(([code, points]) => reason(code, "Adds to the score.", { points })),
      ...special.map((it) => reason(it.flag.toLowerCase(), it.message)),
      reason("band-and-route", "The band of the score and the circumstances give the route.", { score: total, band, route }),
    ],
  };
}

function refuseContradictions({ affected, dependents, teams, tests, history }) {
  for (const { criticality } of [...(affected ?? []), ...(dependents ?? [])]) {
    if (criticality < 1 || criticality > 4) refuse("criticality-out-of-range", `criticality ${criticality} is not 1 to 4`);
  }
  if (teams < 1) refuse("no-teams", "a change needs at least one team");
  if (tests && tests.passed > tests.planned) refuse("more-tests-passed-than-planned", `${tests.passed} of ${tests.planned}`);
  if (history && history.failed > history.total) refuse("more-changes-failed-than-made", `${history.failed} of ${history.total}`);
}

/** The surcharges that apply, with the codes of their reasons. */
function surchargesOf(request, points) {
  const weekday = request.attributes.find(([name]) => name === "change.weekday")?.[1];
  return [
    ["emergency-surcharge", request.changeType === "emergency" ? points.emergency : 0],
    ["previous-attempt-surcharge", request.previousAttemptFailed ? points.previous_attempt_failed : 0],
    ["friday-surcharge", weekday?.tag === "text" && weekday.val === "friday" ? points.friday : 0],
  ].filter(([, points]) => points > 0);
}

function bandOf(score, limits) {
  if (score >= limits.very_high) return "very-high";
  if (score >= limits.high) return "high";
  return score >= limits.medium ? "medium" : "low";
}

function explain({ name, missing, value, weight, points }) {
  const message = missing ? "No evidence was supplied: counted as the worst." : FACTORS[name];
  return reason(name.replaceAll("_", "-"), message, { value, weight, points });
}

const sum = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

export const { about, settings, evaluator } = component({
  name: "change-risk-cautious",
  version: "0.1.0",
  summary: "Change risk in JavaScript: as the guide has it, with a surcharge for Fridays.",
  settings: SETTINGS,
  check,
  score,
});
