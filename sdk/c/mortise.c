// The library for Mortise components in C; mortise.h says what is here.

#include "mortise.h"

#include <stdlib.h>
#include <string.h>

// ---- memory: taken from the end, never given back ----

extern unsigned char __heap_base;

static uintptr_t next_free;

void *malloc(size_t bytes) {
    const size_t page = 65536;
    uintptr_t start = next_free ? next_free : (uintptr_t)&__heap_base;
    start = (start + 15) & ~(uintptr_t)15;
    uintptr_t have = __builtin_wasm_memory_size(0) * page;
    if (bytes > UINTPTR_MAX - start - page) abort();
    uintptr_t end = start + bytes;
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + page - 1) / page) == (size_t)-1) abort();
    next_free = end;
    return (void *)start;
}

// The old size is not known, but what lies behind a block is later memory of our own, so that as
// many bytes can be read as are wanted.
void *realloc(void *memory, size_t bytes) {
    void *fresh = malloc(bytes);
    if (memory) memmove(fresh, memory, bytes);
    return fresh;
}

void free(void *memory) { (void)memory; }

_Noreturn void abort(void) { __builtin_trap(); }

// One instruction each, thanks to -mbulk-memory.
void *memcpy(void *to, const void *from, size_t bytes) { return __builtin_memcpy(to, from, bytes); }
void *memmove(void *to, const void *from, size_t bytes) { return __builtin_memmove(to, from, bytes); }
void *memset(void *to, int byte, size_t bytes) { return __builtin_memset(to, byte, bytes); }

int memcmp(const void *left, const void *right, size_t bytes) {
    const unsigned char *a = left, *b = right;
    for (; bytes; a++, b++, bytes--) {
        if (*a != *b) return *a - *b;
    }
    return 0;
}

size_t strlen(const char *text) {
    const char *end = text;
    while (*end) end++;
    return (size_t)(end - text);
}

// Room for one more item: lists double when their length is a power of two.
void *mortise_grow(void *items, size_t length, size_t size) {
    if (length & (length - 1)) return items;
    void *fresh = malloc((length ? 2 * length : 1) * size);
    if (length) memcpy(fresh, items, length * size);
    return fresh;
}

// ---- texts ----

text str(const char *literal) { return (text){(uint8_t *)literal, strlen(literal)}; }

bool same(text left, text right) { return left.len == right.len && memcmp(left.ptr, right.ptr, left.len) == 0; }

bool is(text value, const char *literal) { return same(value, str(literal)); }

int compare(text left, text right) {
    int order = memcmp(left.ptr, right.ptr, left.len < right.len ? left.len : right.len);
    if (order) return order;
    return left.len < right.len ? -1 : left.len > right.len;
}

text join(const text *parts, size_t count) {
    text all = {NULL, 0};
    for (size_t i = 0; i < count; i++) all.len += parts[i].len;
    all.ptr = malloc(all.len);
    uint8_t *at = all.ptr;
    for (size_t i = 0; i < count; i++) {
        memcpy(at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return all;
}

text number(int64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) digits[--at] = '-';
    return JOIN({(uint8_t *)digits + at, sizeof digits - at});
}

// ---- answering ----

static void reject(refusal *err, uint8_t tag, const char *code, text message) {
    *err = (refusal){.tag = tag, .val = {.other = {str(code), message}}};
}

bool refuse(refusal *err, const char *code, text message) {
    reject(err, ITSM_TYPES_TYPES_REFUSAL_INVALID_REQUEST, code, message);
    return false;
}

bool mortise_not_supported(refusal *err) {
    reject(err, ITSM_TYPES_TYPES_REFUSAL_NOT_SUPPORTED, "not-supported", str("this component does not decide that"));
    return false;
}

reason because(const char *code, const char *message) { return (reason){str(code), str(message), {NULL, 0}}; }

void with(reason *it, const char *name, text value) {
    PUSH(&it->data, (component_tuple2_string_string_t){str(name), value});
}

// ---- settings: one JSON object of whole numbers ----

void problem(problems *found, const char *path, const char *message) {
    PUSH(found, (exports_itsm_plugin_settings_problem_t){str(path), str(message)});
}

static void wrong(problems *found, const char *name, text message) {
    text path = *name ? JOIN(str("/"), str(name)) : str("");
    PUSH(found, (exports_itsm_plugin_settings_problem_t){path, message});
}

struct reader {
    const uint8_t *at, *end;
};

static int peek(struct reader *in) {
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t')) in->at++;
    return in->at < in->end ? *in->at : -1;
}

static bool take(struct reader *in, char sign) {
    if (peek(in) != sign) return false;
    in->at++;
    return true;
}

// A text without escapes; names of settings have none.
static bool name(struct reader *in, text *found) {
    if (!take(in, '"')) return false;
    const uint8_t *from = in->at;
    while (in->at < in->end && *in->at != '"' && *in->at != '\\') in->at++;
    *found = (text){(uint8_t *)from, (size_t)(in->at - from)};
    return take(in, '"');
}

// A number as JSON writes whole ones, of at most 18 digits.
static bool whole(struct reader *in, int64_t *found) {
    bool negative = take(in, '-');
    const uint8_t *from = in->at;
    int64_t value = 0;
    while (in->at < in->end && *in->at >= '0' && *in->at <= '9' && in->at - from < 18) value = 10 * value + (*in->at++ - '0');
    *found = negative ? -value : value;
    bool leading_zero = in->at - from > 1 && *from == '0';
    int next = peek(in);
    return in->at > from && !leading_zero && (next == ',' || next == '}');
}

static const struct setting *find(text wanted, size_t *place) {
    for (*place = 0; component.settings && component.settings[*place].name; ++*place) {
        if (is(wanted, component.settings[*place].name)) return &component.settings[*place];
    }
    return NULL;
}

static void member(struct reader *in, int64_t *values, problems *found) {
    text key;
    size_t place;
    if (!name(in, &key) || !take(in, ':')) return wrong(found, "", str("not a JSON object of settings"));
    const struct setting *setting = find(key, &place);
    if (!setting) return wrong(found, "", JOIN(str("there is no setting "), key));
    if (!whole(in, &values[place])) return wrong(found, setting->name, str("not a whole number"));
    if (values[place] < setting->min || values[place] > setting->max) {
        wrong(found, setting->name, JOIN(number(values[place]), str(" is not within "), number(setting->min), str(" to "), number(setting->max)));
    }
}

static void read(text json, int64_t *values, problems *found) {
    for (size_t i = 0; component.settings && component.settings[i].name; i++) values[i] = component.settings[i].value;
    struct reader in = {json.ptr, json.ptr + json.len};
    if (peek(&in) == -1) return; // An empty text stands for {}.
    bool object = take(&in, '{');
    if (object && peek(&in) != '}') {
        do member(&in, values, found);
        while (!found->len && take(&in, ','));
    }
    if (!found->len && !(object && take(&in, '}') && peek(&in) == -1)) wrong(found, "", str("not a JSON object of settings"));
    if (!found->len && component.check) component.check(values, found);
}

bool settings(text json, int64_t *values, refusal *err) {
    problems found = {NULL, 0};
    read(json, values, &found);
    if (!found.len) return true;
    reject(err, ITSM_TYPES_TYPES_REFUSAL_INVALID_SETTINGS, "invalid-settings", JOIN(found.ptr->path, str(": "), found.ptr->message));
    return false;
}

// ---- what every component exports ----

void exports_itsm_plugin_about_describe(exports_itsm_plugin_about_about_t *ret) {
    *ret = (exports_itsm_plugin_about_about_t){str(component.name), str(component.version), str(component.summary)};
}

// A literal as JSON writes it. Ours have no control characters.
static text quoted(const char *literal) {
    text plain = str(literal), all = {malloc(2 * plain.len + 2), 0};
    all.ptr[all.len++] = '"';
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.ptr[i] == '"' || plain.ptr[i] == '\\') all.ptr[all.len++] = '\\';
        all.ptr[all.len++] = plain.ptr[i];
    }
    all.ptr[all.len++] = '"';
    return all;
}

void exports_itsm_plugin_settings_schema(text *ret) {
    text all = str("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
                   "\"additionalProperties\":false,\"properties\":{");
    for (const struct setting *it = component.settings; it && it->name; it++) {
        all = JOIN(all, str(it == component.settings ? "" : ","), quoted(it->name), str(":{\"type\":\"integer\",\"minimum\":"),
                   number(it->min), str(",\"maximum\":"), number(it->max), str(",\"default\":"), number(it->value),
                   str(",\"description\":"), quoted(it->about), str("}"));
    }
    *ret = JOIN(all, str("}}"));
}

void exports_itsm_plugin_settings_defaults(text *ret) {
    text all = str("{");
    for (const struct setting *it = component.settings; it && it->name; it++) {
        all = JOIN(all, str(it == component.settings ? "" : ","), quoted(it->name), str(":"), number(it->value));
    }
    *ret = JOIN(all, str("}"));
}

bool exports_itsm_plugin_settings_validate(text *given, problems *err) {
    size_t count = 0;
    while (component.settings && component.settings[count].name) count++;
    *err = (problems){NULL, 0};
    read(*given, malloc(count * sizeof(int64_t)), err);
    return !err->len;
}

// ---- money and dates ----

// Whether a list of codes of three letters, with spaces between them, has this one.
static bool listed(text code, const char *codes) {
    for (; code.len == 3 && *codes; codes += codes[3] ? 4 : 3) {
        if (memcmp(code.ptr, codes, 3) == 0) return true;
    }
    return false;
}

int decimals(text currency) {
    if (listed(currency, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF")) return 0;
    if (listed(currency, "BHD IQD JOD KWD LYD OMR TND")) return 3;
    return listed(currency, "CLF UYW") ? 4 : 2;
}

bool minor(text amount, int decimals, int64_t *value) {
    const int64_t most = 100000000000000000;
    bool negative = amount.len && amount.ptr[0] == '-';
    int behind = -1; // digits behind the point, once there was one
    size_t from = negative, at = from;
    int64_t sum = 0;
    for (; at < amount.len; at++) {
        uint8_t c = amount.ptr[at];
        if (c == '.' && behind < 0 && at > from) {
            behind = 0;
            continue;
        }
        if (c < '0' || c > '9' || sum > most / 10) return false;
        if (behind >= decimals) {
            if (c != '0') return false;
            continue;
        }
        sum = 10 * sum + (c - '0');
        behind += behind >= 0;
    }
    if (at == from || amount.ptr[at - 1] == '.') return false;
    for (int missing = decimals - (behind < 0 ? 0 : behind); missing > 0; missing--) {
        if (sum > most / 10) return false;
        sum *= 10;
    }
    *value = negative ? -sum : sum;
    return true;
}

text amount(int64_t minor, int decimals) {
    uint64_t rest = minor < 0 ? -(uint64_t)minor : (uint64_t)minor, whole = rest;
    for (int i = 0; i < decimals; i++) whole /= 10;
    text all = JOIN(str(minor < 0 ? "-" : ""), number((int64_t)whole));
    if (!decimals) return all;
    text point = str(".");
    char digits[8];
    for (int i = decimals; i > 0; i--) {
        digits[i - 1] = (char)('0' + rest % 10);
        rest /= 10;
    }
    return JOIN(all, point, {(uint8_t *)digits, (size_t)decimals});
}

// Years begin in March here, so that the leap day is the last of a year.
static int32_t day_of(int64_t year, uint32_t month, uint32_t day) {
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
}

int32_t add_months(int32_t date, uint32_t months) {
    int64_t days = (int64_t)date + 719468, era = (days >= 0 ? days : days - 146096) / 146097, of_era = days - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100), march = (5 * of_year + 2) / 153;
    uint32_t day = (uint32_t)(of_year - (153 * march + 2) / 5 + 1), month = (uint32_t)(march < 10 ? march + 3 : march - 9);
    int64_t count = (years + era * 400 + (month <= 2)) * 12 + month - 1 + months;
    int64_t year = (count >= 0 ? count : count - 11) / 12;
    month = (uint32_t)(count - year * 12 + 1);
    int32_t first = day_of(year, month, 1), next = month == 12 ? day_of(year + 1, 1, 1) : day_of(year, month + 1, 1);
    return first + (int32_t)((int64_t)day <= next - first ? day : (uint32_t)(next - first)) - 1;
}

#ifdef ITSM_SLA_TYPES_LEVEL_OK

// A clock's run from when the ticket was opened.
struct run {
    int64_t opened, end;
    const itsm_sla_types_list_pause_t *pauses; // NULL if it never waits
};

// A pause within the run; an empty one has nothing of it.
static void pause_within(const struct run *run, size_t i, int64_t *from, int64_t *to) {
    const itsm_sla_types_pause_t *it = &run->pauses->ptr[i];
    *from = it->start > run->opened ? it->start : run->opened;
    *to = it->end.is_some && it->end.val < run->end ? it->end.val : run->end;
    if (*to < *from) *to = *from;
}

// The instant at which so many seconds are used.
static int64_t used_at(const struct run *run, int64_t seconds) {
    int64_t at = run->opened + seconds, from, to;
    for (size_t i = 0; run->pauses && i < run->pauses->len; i++) {
        pause_within(run, i, &from, &to);
        if (from < at) at += to - from;
    }
    return at;
}

static void run_clock(const itsm_sla_types_clock_request_t *request, const char *name, int64_t target, const int64_t *stop,
                      const itsm_sla_types_list_pause_t *pauses, itsm_sla_types_clock_t *clock,
                      itsm_sla_types_clock_decision_t *decision) {
    static const char *const words[] = {".warning", ".critical", ".due"};
    int64_t pcts[] = {75, 90, 100}, now = request->now, from, to;
    if (request->warn_pct.is_some) {
        pcts[0] = request->warn_pct.val.warning;
        pcts[1] = request->warn_pct.val.critical;
    }
    bool stopped = stop && *stop <= now, paused = false;
    struct run run = {request->ticket.opened_at, stopped ? *stop : now, pauses};
    if (run.end < run.opened) run.end = run.opened;
    int64_t elapsed = run.end - run.opened;
    for (size_t i = 0; pauses && i < pauses->len; i++) {
        const itsm_sla_types_pause_t *it = &pauses->ptr[i];
        paused |= !stopped && it->start <= now && (!it->end.is_some || now < it->end.val);
        pause_within(&run, i, &from, &to);
        elapsed -= to - from;
    }
    uint8_t level = ITSM_SLA_TYPES_LEVEL_OK;
    for (int i = 0; i < 3; i++) {
        int64_t mark = target / 100 * pcts[i] + (target % 100 * pcts[i] + 99) / 100;
        if (elapsed >= mark && i < 2) level = i ? ITSM_SLA_TYPES_LEVEL_CRITICAL : ITSM_SLA_TYPES_LEVEL_WARNING;
        if (stopped || paused || elapsed >= mark) continue;
        itsm_sla_types_milestone_t ahead = {JOIN(str(name), str(words[i])), used_at(&run, mark)};
        PUSH(&decision->milestones, ahead);
    }
    bool over = elapsed > target;
    *clock = (itsm_sla_types_clock_t){
        .target_s = (uint64_t)target,
        .elapsed_s = (uint64_t)elapsed,
        .remaining_s = target - elapsed,
        .percent = target ? (uint64_t)elapsed * 100 / (uint64_t)target : 100,
        .state = stopped ? ITSM_SLA_TYPES_CLOCK_STATE_STOPPED
                 : paused ? ITSM_SLA_TYPES_CLOCK_STATE_PAUSED
                          : ITSM_SLA_TYPES_CLOCK_STATE_RUNNING,
        .level = over ? ITSM_SLA_TYPES_LEVEL_BREACHED : level,
        .met = {stopped, !over},
        .due_at = {!paused || elapsed >= target, used_at(&run, target)},
        .breached_at = {over, used_at(&run, target)},
        .ever_breached = over,
    };
}

void around_the_clock(const itsm_sla_types_clock_request_t *request, int64_t response_s, int64_t resolution_s,
                      itsm_sla_types_clock_decision_t *decision) {
    const itsm_sla_types_ticket_t *ticket = &request->ticket;
    const int64_t *responded = ticket->responded_at.is_some ? &ticket->responded_at.val : NULL;
    const int64_t *restored = ticket->restored_at.is_some ? &ticket->restored_at.val : NULL;
    run_clock(request, "response", response_s, responded, NULL, &decision->outcome.response, decision);
    run_clock(request, "resolution", resolution_s, restored, &ticket->pauses, &decision->outcome.resolution, decision);
}

#endif
