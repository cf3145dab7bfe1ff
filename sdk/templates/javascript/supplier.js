// Suppliers by one question: did they deliver on time?

import { addMonths, component, reason, refuse, whole } from "../mortise/policy.js";

const CRITERIA = ["quality", "delivery", "service_level", "cost", "security", "responsiveness"];

function score({ evaluatedOn, measures }, { a_from }) {
  const { onTime, due } = measures.delivery ?? { onTime: 0, due: 0 };
  if (onTime > due) refuse("part-exceeds-whole", "more deliveries on time than due");
  const known = due > 0;
  const percent = known ? Math.floor((onTime * 100) / due) : null;
  const lacking = a_from - percent;
  const grade = lacking <= 0 ? "a" : lacking <= 10 ? "b" : lacking <= 20 ? "c" : "d";
  return {
    outcome: {
      scores: { quality: null, delivery: percent, serviceLevel: null, cost: null, security: null, responsiveness: null },
      missing: CRITERIA.filter((name) => name !== "delivery" || !known),
      weightPresent: known ? 100 : 0,
      penaltyTenths: 0,
      baseTenths: known ? 10 * percent : null,
      scoreTenths: known ? 10 * percent : null,
      grade: known ? grade : null,
      caps: [],
      trend: known ? "new" : "unknown",
      actions: [known ? "continue" : "collect-data"],
      reviewMonths: 6,
      nextReview: addMonths(evaluatedOn, 6),
    },
    reasons: [reason("on-time", "Deliveries on time decide.")],
  };
}

export const { about, settings, evaluator } = component({
  name: "{{name}}",
  version: "0.1.0",
  summary: "Suppliers by their deliveries on time.",
  settings: { a_from: whole(95, 30, 100, "Percent on time from which the grade is A; ten less is B, another ten less C.") },
  score,
});
