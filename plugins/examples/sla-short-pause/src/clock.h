// The clocks of a ticket.

#pragma once

#include "mortise.h"

// The settings, by their places in the table.
enum { WARNING_PCT, CRITICAL_PCT, HORIZON_DAYS, SHORTEST_PAUSE_S, SETTINGS };

// The priority of impact and urgency: by the matrix, or P(impact + urgency - 1) without one.
bool priority(const itsm_sla_types_option_list_matrix_cell_t *matrix, uint32_t impact, uint32_t urgency, text *, refusal *);
reason by_matrix(text priority, uint32_t impact, uint32_t urgency);

// Measures the response clock and the resolution clock.
bool clocks(const itsm_sla_types_clock_request_t *, const int64_t *settings, itsm_sla_types_clock_decision_t *, refusal *);
