// The night desk: priorities some steps lower than by day, and clocks that never rest.

import { aroundTheClock, component, reason, refuse, whole } from "../mortise/policy.js";

// Seconds until the first answer and until the service is restored, where no agreement says so.
const TARGETS = { P1: [900, 7200], P2: [1800, 14400], P3: [3600, 28800], P4: [7200, 86400], P5: [14400, 144000] };

function lower({ impact, urgency }, steps) {
  if (![1, 2, 3].includes(impact) || ![1, 2, 3].includes(urgency)) {
    refuse("unknown-priority", "impact and urgency are 1, 2 or 3");
  }
  return `P${Math.min(impact + urgency - 1 + steps, 5)}`;
}

const night = (steps) => reason("night", "Nobody waits at night.", { steps });

function priority(request, { steps }) {
  return { outcome: { priority: lower(request, steps) }, reasons: [night(steps)] };
}

function clock(request, { steps }) {
  const assessed = request.ticket.history.at(-1) ?? refuse("no-history", "nobody has assessed the ticket");
  const priority = lower(assessed, steps);
  const [responseS, resolutionS] = TARGETS[priority];
  const agreed = request.targets?.find(([name]) => name === priority)?.[1];
  const { milestones, ...clocks } = aroundTheClock(request, agreed ?? { responseS, resolutionS });
  return { outcome: { priority, ...clocks }, milestones, reasons: [night(steps)] };
}

// What a component leaves out, the one of the next wider scope decides.
export const { about, settings, evaluator } = component({
  name: "{{name}}",
  version: "0.1.0",
  summary: "Priorities and clocks for the night desk.",
  settings: { steps: whole(1, 0, 4, "How many steps lower a priority is than by day.") },
  priority,
  clock,
});
