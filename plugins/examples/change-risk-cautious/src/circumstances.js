// What a score does not show: special circumstances, and what they demand.

import { highestCriticality } from "./factors.js";

const CIRCUMSTANCES = [
  {
    flag: "H1-blackout",
    condition: (request) => (request.changeType === "emergency" ? null : "reschedule-outside-blackout"),
    needsBoard: true,
    message: "The change falls into a period in which changes are frozen.",
    holds: (request) => request.timing === "blackout",
  },
  {
    flag: "H2-same-ci-collision",
    condition: () => "resolve-collision",
    needsBoard: true,
    message: "Another change works on the same configuration item at the same time.",
    holds: (request) => (request.collisions ?? []).some((other) => other.relation === "same-ci"),
  },
  {
    flag: "H3-no-backout-on-critical",
    condition: () => "backout-plan-or-accept-irreversible",
    needsBoard: true,
    message: "There is no way back, and something critical is affected.",
    holds: (request, { backout }) =>
      request.backout?.state === "none" && (highestCriticality(request) ?? 0) >= backout.required_from_criticality,
  },
  {
    flag: "H4-repeat-after-failure",
    condition: () => null,
    needsBoard: true,
    message: "An earlier attempt at this change failed.",
    holds: (request) => request.previousAttemptFailed,
  },
  {
    flag: "H5-design-and-transition",
    condition: () => "use-service-design-and-transition",
    needsBoard: true,
    message: "A service is added, removed or transferred, or the impact is major.",
    holds: (request) => request.designTransition,
  },
  {
    flag: "H6-security-relevant",
    condition: () => "infosec-assessment",
    needsBoard: false,
    message: "The change touches information security.",
    holds: (request) => request.securityRelevant,
  },
  {
    flag: "H7-over-budget",
    condition: () => "budget-owner-approval",
    needsBoard: false,
    message: "The change costs more than the budget line has left.",
    holds: ({ costMinor, budgetAvailableMinor }) =>
      costMinor !== null && budgetAvailableMinor !== null && costMinor > budgetAvailableMinor,
  },
];

/** Those that hold, in this order. */
export function circumstances(request, settings) {
  return CIRCUMSTANCES.filter((it) => it.holds(request, settings))
    .map(({ flag, condition, needsBoard, message }) => ({ flag, condition: condition(request), needsBoard, message }));
}
