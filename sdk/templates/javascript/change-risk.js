// Change risk by one question: how critical is what the change touches?

import { component, reason, refuse, whole } from "../mortise/policy.js";

function score({ changeType, affected, timing }, { per_level }) {
  const levels = (affected ?? []).map((item) => item.criticality);
  if (levels.some((level) => level > 4)) refuse("criticality-out-of-range", "criticality is 1 to 4");
  // What nobody tells counts as the worst.
  const known = levels.length > 0;
  const score = known ? Math.max(...levels) * per_level : 100;
  const band = score >= 75 ? "very-high" : score >= 50 ? "high" : score >= 25 ? "medium" : "low";
  const emergency = changeType === "emergency";
  return {
    outcome: {
      score,
      base: score,
      surcharge: 0,
      band,
      route: emergency ? "ecab" : score >= 50 ? "cab" : "change-manager",
      blocked: timing === "blackout" && !emergency,
      topManagementSignoff: band === "very-high",
      conditions: [],
      flags: [],
      missing: known ? [] : ["criticality"],
      factors: [{ factor: "criticality", value: score, weight: 100, points: 100 * score }],
    },
    reasons: [reason("criticality", "The most critical item decides.", { score })],
  };
}

export const { about, settings, evaluator } = component({
  name: "{{name}}",
  version: "0.1.0",
  summary: "Change risk by the criticality of what is touched.",
  settings: { per_level: whole(20, 1, 25, "Points for each level of criticality, of which there are four.") },
  score,
});
