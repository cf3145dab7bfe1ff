// Who may grant a commitment: nobody need be asked while the line has the money.

import { amount, component, decimals, minor, reason, refuse, whole } from "../mortise/policy.js";

function commit(request, settings) {
  const places = decimals(request.currency);
  // BigInt: minor units may be beyond what a number holds exactly.
  const [budget, actual, open, wanted] = [request.budget, request.actual, request.openCommitments, request.request]
    .map((text) => minor(text, places));
  if (wanted < 0n || budget < 0n) refuse("negative-amount", "a commitment and a budget are not negative");
  const before = budget - actual - open;
  const after = before - wanted;
  const shortfall = after < 0n ? -after : 0n;
  const tolerance = (budget * BigInt(request.toleranceBp ?? settings.tolerance_bp)) / 10_000n;
  const verdict = shortfall === 0n ? "approved" : shortfall <= tolerance ? "budget-owner-override" : "top-management";
  return {
    outcome: {
      verdict,
      availableBefore: amount(before, places),
      availableAfter: amount(after, places),
      shortfall: amount(shortfall, places),
      tolerance: amount(tolerance, places),
    },
    reasons: [reason("shortfall", "What is lacking decides.", { shortfall: amount(shortfall, places) })],
  };
}

// Operations that a component does not have are refused with `not-supported`.
export const { about, settings, evaluator } = component({
  name: "{{name}}",
  version: "0.1.0",
  summary: "Commitments by what the budget line has left.",
  settings: {
    tolerance_bp: whole(500, 0, 10_000, "How much the budget owner may overdraw, in basis points of the budget."),
  },
  commit,
});
