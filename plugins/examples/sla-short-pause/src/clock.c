#include "clock.h"
#include "service.h"

bool priority(const itsm_sla_types_option_list_matrix_cell_t *matrix, uint32_t impact, uint32_t urgency, text *found, refusal *err) {
    static const char *const names[] = {"P1", "P2", "P3", "P4", "P5"};
    if (!matrix->is_some && impact - 1 < 3 && urgency - 1 < 3) {
        *found = str(names[impact + urgency - 2]);
        return true;
    }
    for (size_t i = 0; matrix->is_some && i < matrix->val.len; i++) {
        itsm_sla_types_matrix_cell_t *cell = &matrix->val.ptr[i];
        *found = cell->f2;
        if (cell->f0 == impact && cell->f1 == urgency) return true;
    }
    return refuse(err, "unknown-priority", JOIN(str("no priority for impact "), number(impact), str(" and urgency "), number(urgency)));
}

reason by_matrix(text priority, uint32_t impact, uint32_t urgency) {
    reason why = because("priority", "Impact and urgency give the priority.");
    with(&why, "priority", priority);
    with(&why, "impact", number(impact));
    with(&why, "urgency", number(urgency));
    return why;
}

// ---- the ticket ----

// A part of a ticket's life with one priority; it ends where the next begins.
struct segment {
    int64_t from;
    text priority;
    uint32_t impact, urgency;
};

typedef struct {
    struct segment *ptr;
    size_t len;
} segments;

// What both clocks are judged by.
struct judge {
    const itsm_sla_types_clock_request_t *request;
    const int64_t *set;
    int64_t opened, now, warning_pct, critical_pct;
    segments life;
    itsm_sla_types_clock_decision_t *decision;
    refusal *err;
};

// A new assessment that gives the same priority is no change, and one that was replaced in the
// instant it began never held.
static bool live(struct judge *judge) {
    const itsm_sla_types_list_assessment_t *history = &judge->request->ticket.history;
    int64_t until = judge->now > judge->opened ? judge->now : judge->opened;
    for (size_t i = 1; i < history->len; i++) {
        itsm_sla_types_assessment_t moved = history->ptr[i];
        size_t at = i;
        for (; at && moved.at < history->ptr[at - 1].at; at--) history->ptr[at] = history->ptr[at - 1];
        history->ptr[at] = moved;
    }
    segments *life = &judge->life;
    for (size_t i = 0; i < history->len; i++) {
        itsm_sla_types_assessment_t it = history->ptr[i];
        struct segment next = {.from = it.at, .impact = it.impact, .urgency = it.urgency};
        if (!life->len || next.from < judge->opened) next.from = judge->opened;
        if (life->len && it.at > until) break;
        if (!priority(&judge->request->matrix, it.impact, it.urgency, &next.priority, judge->err)) return false;
        if (life->len && life->ptr[life->len - 1].from == next.from) life->len--;
        struct segment *last = life->len ? &life->ptr[life->len - 1] : NULL;
        if (last && same(last->priority, next.priority)) {
            last->impact = next.impact;
            last->urgency = next.urgency;
        } else {
            PUSH(life, next);
        }
    }
    return life->len || refuse(judge->err, "no-history", str("the ticket has no impact and urgency"));
}

// Waiting for the customer until an instant, without the pauses that are too short.
static bool pauses(const struct judge *judge, int64_t until, spans *all, bool *waiting) {
    const itsm_sla_types_list_pause_t *given = &judge->request->ticket.pauses;
    for (size_t i = 0; i < given->len; i++) {
        itsm_sla_types_pause_t it = given->ptr[i];
        if (it.end.is_some && it.end.val < it.start) return refuse(judge->err, "invalid-interval", str("a pause ends before it starts"));
        *waiting |= it.start <= judge->now && (!it.end.is_some || judge->now < it.end.val);
        if (it.end.is_some && it.end.val - it.start < judge->set[SHORTEST_PAUSE_S]) continue;
        int64_t end = it.end.is_some && it.end.val < until ? it.end.val : until;
        PUSH(all, (struct span){it.start > judge->opened ? it.start : judge->opened, end});
    }
    merge(all);
    return true;
}

// ---- one clock ----

enum goal { RESPONSE, RESOLUTION };

// A clock on its way through the segments, with the promise that holds in the present one.
struct run {
    enum goal goal;
    spans pauses;
    text calendar;
    int64_t target, elapsed;
    bool breached, reached;
    int64_t breached_at, reached_at;
};

static bool promise(const struct judge *judge, struct run *run, text priority) {
    const itsm_sla_types_option_list_named_target_t *targets = &judge->request->targets;
    for (size_t i = 0; targets->is_some && i < targets->val.len; i++) {
        const itsm_sla_types_target_t *it = &targets->val.ptr[i].f1;
        if (!same(targets->val.ptr[i].f0, priority)) continue;
        uint64_t longer = it->response_s > it->resolution_s ? it->response_s : it->resolution_s;
        if (longer > (uint64_t)1 << 53) return refuse(judge->err, "invalid-target", str("a target is too large"));
        run->target = (int64_t)(run->goal == RESPONSE ? it->response_s : it->resolution_s);
        run->calendar = it->calendar;
        return true;
    }
    return refuse(judge->err, "no-target", JOIN(str("there is no target for "), priority));
}

// Takes a run through one segment.
static bool step(const struct judge *judge, struct run *run, const struct segment *segment, int64_t to) {
    struct service service;
    struct span stretch, piece;
    if (!promise(judge, run, segment->priority)) return false;
    if (!serve(&service, judge->request->calendars, run->calendar, (struct span){segment->from, to}, judge->err)) return false;
    int64_t need = run->target - run->elapsed, used = 0;
    run->reached = need <= 0;
    run->reached_at = segment->from;
    while (next_stretch(&service, &stretch)) {
        while (next_piece(&stretch, run->pauses, &piece)) {
            if (!run->reached && used + seconds(piece) >= need) {
                run->reached = true;
                run->reached_at = piece.from + need - used;
            }
            used += seconds(piece);
        }
    }
    run->elapsed += used;
    if (run->elapsed > run->target && !run->breached) {
        run->breached = true;
        run->breached_at = run->reached_at;
    }
    return true;
}

// The seconds from which a percentage of a target is used, rounded up; the largest number if
// that is beyond it.
static int64_t mark(int64_t target, int64_t pct) {
    if (pct && target / 100 >= INT64_MAX / 2 / pct) return INT64_MAX;
    return target / 100 * pct + (target % 100 * pct + 99) / 100;
}

// When a clock that has not reached its target will do so, and the marks on the way, as far as
// it runs.
static bool look_ahead(const struct judge *judge, struct run *run, int64_t from, bool runs) {
    static const char *const names[2][3] = {{"response.warning", "response.critical", "response.due"},
                                           {"resolution.warning", "resolution.critical", "resolution.due"}};
    const int64_t pcts[3] = {judge->warning_pct, judge->critical_pct, 100}, last = 253402300800;
    int64_t need[3], at[3], to = from + judge->set[HORIZON_DAYS] * DAY_S, used = 0;
    bool found[3] = {false};
    struct service service;
    struct span stretch;
    if (to > last) to = last;
    if (!serve(&service, judge->request->calendars, run->calendar, (struct span){from, to}, judge->err)) return false;
    for (int i = 0; i < 3; i++) need[i] = mark(run->target, pcts[i]) - run->elapsed;
    while (!(found[0] && found[1] && found[2]) && next_stretch(&service, &stretch)) {
        for (int i = 0; i < 3; i++) {
            if (found[i] || used + seconds(stretch) < need[i]) continue;
            found[i] = true;
            at[i] = stretch.from + need[i] - used;
        }
        used += seconds(stretch);
    }
    run->reached = found[2];
    run->reached_at = found[2] ? at[2] : 0;
    for (int i = 0; runs && i < 3; i++) { // what lies behind is no milestone, nor what lies beyond the target
        if (!found[i] || need[i] < 1 || need[i] > run->target - run->elapsed) continue;
        PUSH(&judge->decision->milestones, (itsm_sla_types_milestone_t){str(names[run->goal][i]), at[i]});
    }
    return true;
}

static uint8_t level(const struct judge *judge, const struct run *run) {
    if (run->elapsed > run->target) return ITSM_SLA_TYPES_LEVEL_BREACHED;
    if (run->elapsed >= mark(run->target, judge->critical_pct)) return ITSM_SLA_TYPES_LEVEL_CRITICAL;
    return run->elapsed >= mark(run->target, judge->warning_pct) ? ITSM_SLA_TYPES_LEVEL_WARNING : ITSM_SLA_TYPES_LEVEL_OK;
}

static void explain(const struct judge *judge, const char *name, const struct run *run, const itsm_sla_types_clock_t *clock) {
    static const char *const levels[] = {"ok", "warning", "critical", "breached"};
    reason why = because(name, "Service time used of the target, on the target's calendar.");
    with(&why, "level", str(levels[clock->level]));
    with(&why, "target_s", number(run->target));
    with(&why, "elapsed_s", number(run->elapsed));
    with(&why, "calendar", run->calendar);
    PUSH(&judge->decision->reasons, why);
    if (!run->breached) return;
    bool raised = false; // only a raise makes a clock pass its target in the instant of a change
    for (size_t i = 1; i < judge->life.len; i++) raised |= judge->life.ptr[i].from == run->breached_at;
    why = raised ? because("breached-by-raise", "More time was used than the new priority allows.")
                 : because("breached", "The target was passed.");
    with(&why, "clock", str(name));
    PUSH(&judge->decision->reasons, why);
}

static bool measure(const struct judge *judge, struct run run, itsm_sla_types_option_instant_t stop, bool waiting, itsm_sla_types_clock_t *clock) {
    bool stopped = stop.is_some && stop.val <= judge->now;
    int64_t end = stopped ? stop.val : judge->now;
    if (end < judge->opened) end = judge->opened;
    for (size_t i = 0; i < judge->life.len && judge->life.ptr[i].from <= end; i++) {
        bool last = i + 1 == judge->life.len || judge->life.ptr[i + 1].from > end;
        if (!step(judge, &run, &judge->life.ptr[i], last ? end : judge->life.ptr[i + 1].from)) return false;
    }
    clock->state = stopped ? ITSM_SLA_TYPES_CLOCK_STATE_STOPPED
                 : waiting ? ITSM_SLA_TYPES_CLOCK_STATE_PAUSED : ITSM_SLA_TYPES_CLOCK_STATE_RUNNING;
    bool runs = clock->state == ITSM_SLA_TYPES_CLOCK_STATE_RUNNING;
    if (!run.reached && (runs || stopped) && !look_ahead(judge, &run, end, runs)) return false;
    clock->target_s = (uint64_t)run.target;
    clock->elapsed_s = (uint64_t)run.elapsed;
    clock->remaining_s = run.target - run.elapsed;
    clock->percent = run.target ? (uint64_t)(run.elapsed * 100 / run.target) : 100;
    clock->level = level(judge, &run);
    clock->met = (component_option_bool_t){stopped, run.elapsed <= run.target};
    clock->due_at = (itsm_sla_types_option_instant_t){run.reached, run.reached_at};
    clock->breached_at = (itsm_sla_types_option_instant_t){run.breached, run.breached_at};
    clock->ever_breached = run.breached;
    explain(judge, run.goal == RESPONSE ? "response" : "resolution", &run, clock);
    return true;
}

bool clocks(const itsm_sla_types_clock_request_t *request, const int64_t *set, itsm_sla_types_clock_decision_t *decision, refusal *err) {
    const itsm_sla_types_ticket_t *ticket = &request->ticket;
    struct judge judge = {.request = request, .set = set, .opened = ticket->opened_at, .now = request->now, .decision = decision, .err = err,
                          .warning_pct = request->warn_pct.is_some ? request->warn_pct.val.warning : set[WARNING_PCT],
                          .critical_pct = request->warn_pct.is_some ? request->warn_pct.val.critical : set[CRITICAL_PCT]};
    bool restored = ticket->restored_at.is_some && ticket->restored_at.val <= request->now, waiting = false;
    struct run response = {.goal = RESPONSE}, resolution = {.goal = RESOLUTION};
    if (!live(&judge) || !pauses(&judge, restored ? ticket->restored_at.val : request->now, &resolution.pauses, &waiting)) return false;

    const struct segment *current = &judge.life.ptr[judge.life.len - 1];
    decision->outcome.priority = current->priority;
    PUSH(&decision->reasons, by_matrix(current->priority, current->impact, current->urgency));
    return measure(&judge, response, ticket->responded_at, false, &decision->outcome.response) &&
           measure(&judge, resolution, ticket->restored_at, waiting, &decision->outcome.resolution);
}
