#include "service.h"

int64_t seconds(struct span it) { return it.to - it.from; }

struct span overlap(struct span a, struct span b) {
    struct span both = {a.from > b.from ? a.from : b.from, a.to < b.to ? a.to : b.to};
    if (both.to < both.from) both.to = both.from;
    return both;
}

bool ordered(struct span it, refusal *err) {
    return it.from <= it.to || refuse(err, "invalid-interval", str("an interval ends before it starts"));
}

void merge(spans *all) {
    for (size_t i = 1; i < all->len; i++) { // mostly in order already
        struct span moved = all->ptr[i];
        size_t at = i;
        for (; at && moved.from < all->ptr[at - 1].from; at--) all->ptr[at] = all->ptr[at - 1];
        all->ptr[at] = moved;
    }
    size_t kept = 0;
    for (size_t i = 0; i < all->len; i++) {
        struct span it = all->ptr[i], *last = kept ? &all->ptr[kept - 1] : NULL;
        if (it.from >= it.to) continue;
        if (last && it.from <= last->to) last->to = it.to > last->to ? it.to : last->to;
        else all->ptr[kept++] = it;
    }
    all->len = kept;
}

bool merged(itsm_sla_types_list_interval_t intervals, spans *all, refusal *err) {
    *all = (spans){0};
    for (size_t i = 0; i < intervals.len; i++) {
        struct span it = {intervals.ptr[i].start, intervals.ptr[i].end};
        if (!ordered(it, err)) return false;
        PUSH(all, it);
    }
    merge(all);
    return true;
}

size_t first_after(spans all, int64_t at) {
    size_t low = 0, high = all.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all.ptr[middle].to > at) high = middle;
        else low = middle + 1;
    }
    return low;
}

bool next_piece(struct span *rest, spans holes, struct span *piece) {
    size_t i = first_after(holes, rest->from);
    if (i < holes.len && holes.ptr[i].from <= rest->from) rest->from = holes.ptr[i++].to;
    if (rest->from >= rest->to) return false;
    *piece = *rest;
    if (i < holes.len && holes.ptr[i].from < rest->to) piece->to = holes.ptr[i].from;
    rest->from = piece->to;
    return true;
}

// ---- calendars ----

static bool is_holiday(const itsm_sla_types_calendar_t *calendar, int32_t date) {
    for (size_t i = 0; i < calendar->holidays.len; i++) {
        if (calendar->holidays.ptr[i] == date) return true;
    }
    return false;
}

// A date says one thing only, and offsets from UTC come one after the other.
static bool consistent(const itsm_sla_types_calendar_t *calendar, refusal *err) {
    for (size_t i = 0; i < calendar->adjusted_workdays.len; i++) {
        itsm_sla_types_adjusted_workday_t day = calendar->adjusted_workdays.ptr[i], *other = calendar->adjusted_workdays.ptr;
        bool rivals = is_holiday(calendar, day.date);
        for (size_t j = 0; j < i; j++, other++) rivals |= other->date == day.date && other->plan != day.plan;
        if (rivals) return refuse(err, "calendar-conflict", str("the calendar says two things about one date"));
    }
    for (size_t i = 1; i < calendar->utc_offsets.len; i++) {
        if (calendar->utc_offsets.ptr[i - 1].start >= calendar->utc_offsets.ptr[i].start) {
            return refuse(err, "invalid-utc-offsets", str("the calendar's UTC offsets are not ascending"));
        }
    }
    return true;
}

static bool windows(itsm_sla_types_list_window_t day, spans *all, refusal *err) {
    *all = (spans){0};
    for (size_t i = 0; i < day.len; i++) {
        itsm_sla_types_window_t it = day.ptr[i];
        if (it.start > it.end || it.end > 1440) return refuse(err, "invalid-window", str("a service window is no part of a day"));
        PUSH(all, (struct span){it.start, it.end});
    }
    merge(all);
    return true;
}

static bool plan(struct service *it, refusal *err) {
    const itsm_sla_types_weekly_plan_t *weekly = &it->calendar->weekly;
    const itsm_sla_types_list_window_t days[7] = {weekly->mon, weekly->tue, weekly->wed, weekly->thu,
                                                 weekly->fri, weekly->sat, weekly->sun};
    for (int day = 0; day < 7; day++) {
        if (!windows(days[day], &it->week[day], err)) return false;
    }
    return true;
}

bool serve(struct service *it, itsm_sla_types_list_named_calendar_t calendars, text id, struct span period, refusal *err) {
    const int64_t first = -62167219200, last = 253402300800; // the years 0000 to 9999
    *it = (struct service){.rest = period, .pending = {period.from, period.from}};
    for (size_t i = 0; i < calendars.len && !it->calendar; i++) {
        if (same(calendars.ptr[i].f0, id)) it->calendar = &calendars.ptr[i].f1;
    }
    if (!it->calendar) {
        if (is(id, "24x7")) return true;
        return refuse(err, "unknown-calendar", JOIN(str("the request has no calendar "), id));
    }
    if (it->calendar->mode == ITSM_SLA_TYPES_COVERAGE_CONTINUOUS) {
        it->calendar = NULL;
        return true;
    }
    if (!consistent(it->calendar, err) || !plan(it, err)) return false;
    if (period.from >= period.to) return true;
    if (period.from < first || period.to > last || seconds(period) > CENTURY_S) {
        return refuse(err, "period-too-long", str("a period lies in the years 0000 to 9999 and has at most 100 of them"));
    }
    const itsm_sla_types_list_utc_offset_t *offsets = (const void *)&it->calendar->utc_offsets;
    if (!offsets->len || offsets->ptr[0].start > period.from) {
        return refuse(err, "no-utc-offset", str("the calendar has no UTC offset for the start"));
    }
    while (it->offset + 1 < offsets->len && offsets->ptr[it->offset + 1].start <= period.from) it->offset++;
    return true;
}

// The windows of a local date: the plan that an adjusted workday names, else none on a holiday,
// else those of its weekday. 1970-01-01 was a Thursday.
static spans windows_on(const struct service *it, int64_t date) {
    const itsm_sla_types_calendar_t *calendar = it->calendar;
    for (size_t i = 0; i < calendar->adjusted_workdays.len; i++) {
        if (calendar->adjusted_workdays.ptr[i].date == date) return it->week[calendar->adjusted_workdays.ptr[i].plan];
    }
    if (is_holiday(calendar, (int32_t)date)) return (spans){0};
    return it->week[((date + 3) % 7 + 7) % 7];
}

static int64_t floor_days(int64_t at) { return (at >= 0 ? at : at - (DAY_S - 1)) / DAY_S; }

// The next window, in UTC. Between two changes of the offset from UTC a window is an interval;
// cutting it off there is all that there is to say about changed clocks.
static bool next_window(struct service *it, struct span *found) {
    while (it->rest.from < it->rest.to) {
        const itsm_sla_types_utc_offset_t *offset = &it->calendar->utc_offsets.ptr[it->offset];
        bool changes = it->offset + 1 < it->calendar->utc_offsets.len && offset[1].start < it->rest.to;
        int64_t date = floor_days(it->rest.from + offset->offset_s), midnight = date * DAY_S - offset->offset_s;
        struct span today = {it->rest.from, midnight + DAY_S};
        int64_t change = changes ? offset[1].start : it->rest.to;
        if (today.to > change) today.to = change;
        spans day = windows_on(it, date);
        while (it->window < day.len) {
            struct span window = day.ptr[it->window++];
            *found = overlap(today, (struct span){midnight + 60 * window.from, midnight + 60 * window.to});
            if (seconds(*found)) return true;
        }
        it->window = 0;
        it->rest.from = today.to;
        if (changes && today.to == change) it->offset++;
    }
    return false;
}

bool next_stretch(struct service *it, struct span *found) {
    if (!it->calendar) {
        *found = it->rest;
        it->rest.from = it->rest.to;
        return seconds(*found) > 0;
    }
    struct span window;
    while (next_window(it, &window)) {
        if (window.from <= it->pending.to && seconds(it->pending)) {
            it->pending.to = window.to;
            continue;
        }
        *found = it->pending;
        it->pending = window;
        if (seconds(*found)) return true;
    }
    *found = it->pending;
    it->pending.from = it->pending.to;
    return seconds(*found) > 0;
}
