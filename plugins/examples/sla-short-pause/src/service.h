// Stretches of time, and when a calendar is in service.

#pragma once

#include "mortise.h"

#define DAY_S ((int64_t)86400)
#define CENTURY_S (36600 * DAY_S)

// A half-open stretch of time [from, to), seconds since 1970-01-01T00:00:00Z.
struct span {
    int64_t from, to;
};

typedef struct {
    struct span *ptr;
    size_t len;
} spans;

int64_t seconds(struct span);
struct span overlap(struct span, struct span); // empty if there is none

// Refuses a stretch that ends before it starts.
bool ordered(struct span, refusal *);

// Sorted, without overlap; touching ones are one.
void merge(spans *);
bool merged(itsm_sla_types_list_interval_t, spans *, refusal *);

// The first of merged spans that ends after an instant.
size_t first_after(spans, int64_t);

// Takes from `rest` its first part that no hole covers; false when nothing is left.
bool next_piece(struct span *rest, spans holes, struct span *piece);

// A calendar's service within a period, on its way through it.
struct service {
    const itsm_sla_types_calendar_t *calendar; // NULL: always in service
    spans week[7];                             // windows of a day from Monday on, minutes
    struct span rest;                          // what is still ahead
    struct span pending;                       // found, but the next one may touch it
    size_t offset, window;                     // the UTC offset in force; the next window of the day
};

bool serve(struct service *, itsm_sla_types_list_named_calendar_t, text calendar, struct span period, refusal *);

// The next stretch of service, ascending and merged; false when there is none.
bool next_stretch(struct service *, struct span *);
