// Priorities for the night desk: some steps lower than by day.

import { component, reason, refuse, whole } from "../mortise/policy.js";

function priority({ impact, urgency }, { steps }) {
  if (![1, 2, 3].includes(impact) || ![1, 2, 3].includes(urgency)) {
    refuse("unknown-priority", "impact and urgency are 1, 2 or 3");
  }
  return {
    outcome: { priority: `P${Math.min(impact + urgency - 1 + steps, 5)}` },
    reasons: [reason("night", "Nobody waits at night.", { steps })],
  };
}

// Operations that a component does not have are refused with `not-supported`.
export const { about, settings, evaluator } = component({
  name: "{{name}}",
  version: "0.1.0",
  summary: "Priorities for the night desk.",
  settings: { steps: whole(1, 0, 4, "How many steps lower a priority is than by day.") },
  priority,
});
