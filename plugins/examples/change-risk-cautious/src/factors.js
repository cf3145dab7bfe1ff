// The seven factors of the score, each from 0 (harmless) to 100 (worst).

import { whole, wholes } from "../mortise/policy.js";

/** The worst value, and that of a factor for which there is no evidence. */
export const WORST = 100;

/** The factors in the order of the table, and what they are about. */
export const FACTORS = {
  service_impact: "Criticality of what is affected.",
  complexity: "Difficulty of the work.",
  backout: "Quality of the back-out plan.",
  testing: "Tests passed.",
  history: "Success of earlier changes of the same sort.",
  timing: "Time of implementation.",
  collision: "Other changes at the same time.",
};

const points = (value, description) => whole(value, 0, WORST, description);
const weight = (name, value) => points(value, FACTORS[name]);

export const factorSettings = {
  weights: {
    service_impact: weight("service_impact", 25),
    complexity: weight("complexity", 15),
    backout: weight("backout", 15),
    testing: weight("testing", 15),
    history: weight("history", 10),
    timing: weight("timing", 10),
    collision: weight("collision", 10),
  },
  service_impact: {
    by_criticality: wholes([10, 35, 65, 90], 0, WORST, "Value of criticality 1, 2, 3 and 4."),
    per_dependent: points(2, "Added for each dependent service."),
    dependents_max: points(10, "At most this much is added for dependent services."),
  },
  complexity: {
    simple: points(10, "A routine step, done often."),
    moderate: points(40, "Several steps, all of them known."),
    complex: points(70, "Many steps or dependencies between them."),
    novel: points(90, "Never done here before."),
    per_extra_team: points(5, "Added for each team beyond the first."),
  },
  backout: {
    tested: points(0, "The plan was tried."),
    documented: points(40, "The plan is written."),
    partial: points(70, "The plan covers only a part of the change."),
    none: points(100, "There is no way back."),
    slow: points(20, "Added if backing out takes more than slow_above_pct of the change window."),
    slow_above_pct: points(50, "Share of the change window that backing out may take, percent."),
    required_from_criticality: whole(3, 1, 4, "From here on, having no way back brings the change to the board."),
  },
  history: {
    min_changes: whole(5, 1, 1000, "With fewer earlier changes the share of failures says nothing."),
    too_few: points(50, "The value where there are too few."),
    all_failed: whole(200, 0, 10000, "The value if all of them had failed; above 100 counts as 100."),
  },
  timing: {
    maintenance_window: points(0, "In the agreed maintenance window."),
    off_hours: points(30, "Outside the service hours."),
    business_hours: points(70, "While the services are in use."),
    blackout: points(100, "While changes are frozen."),
  },
  collision: {
    same_ci: points(100, "Another change on the same configuration item."),
    related_ci: points(50, "Another change on a related configuration item."),
  },
};

/** All factors in the order of the table, valued and weighed. */
export function factors(request, settings) {
  const values = {
    service_impact: serviceImpact(request, settings.service_impact),
    complexity: complexity(request, settings.complexity),
    backout: request.backout && backout(request.backout, settings.backout),
    testing: request.tests && testing(request.tests),
    history: request.history && history(request.history, settings.history),
    timing: request.timing && settings.timing[snake(request.timing)],
    collision: request.collisions && collision(request.collisions, settings.collision),
  };
  return Object.keys(FACTORS).map((name) => {
    const missing = values[name] === null;
    const value = missing ? WORST : Math.min(values[name], WORST);
    const weight = settings.weights[name];
    return { name, missing, value, weight, points: value * weight };
  });
}

/** The highest criticality of what is affected and depends on it; null if nothing is known. */
export function highestCriticality({ affected, dependents }) {
  const known = [...(affected ?? []), ...(dependents ?? [])].map((it) => it.criticality);
  return known.length > 0 ? Math.max(...known) : null;
}

function serviceImpact(request, values) {
  const highest = highestCriticality(request);
  if (highest === null) return null;
  const dependents = (request.dependents ?? []).length;
  return values.by_criticality[highest - 1] + Math.min(values.per_dependent * dependents, values.dependents_max);
}

function complexity(request, values) {
  return request.complexity && values[request.complexity] + values.per_extra_team * (request.teams - 1);
}

function backout({ state, durationMin, windowMin }, values) {
  const slow = state !== "none" && durationMin * 100 > windowMin * values.slow_above_pct;
  return values[state] + (slow ? values.slow : 0);
}

/** Without a test planned, none passed. */
function testing({ passed, planned }) {
  return WORST - (planned > 0 ? Math.floor((passed * 100) / planned) : 0);
}

function history({ failed, total }, rule) {
  return total < rule.min_changes ? rule.too_few : Math.floor((failed * rule.all_failed) / total);
}

/** The worst collision counts. */
function collision(collisions, values) {
  return Math.max(0, ...collisions.map(({ relation }) => values[snake(relation)]));
}

const snake = (name) => name.replaceAll("-", "_");
