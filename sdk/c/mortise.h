// The library for Mortise components in C.
//
// A component is a pure function: request and settings in, outcome and reasons out. A fresh
// instance answers each call and is thrown away, so memory is taken and never given back.
//
// What the contract says is in component.h, which is made of the project's folder wit.

#pragma once

#include "component.h"

#include <stdbool.h>
#include <stdint.h>

// ---- who the component is ----

// A setting: a whole number.
struct setting {
    const char *name; // lower case with underscores; NULL ends the table
    int64_t value;    // the default
    int64_t min, max;
    const char *about; // what it means, one sentence
};

// What is wrong with settings.
typedef exports_itsm_plugin_settings_list_problem_t problems;

// Every component defines one of these, with the name `component`.
struct component {
    const char *name;    // lower case with hyphens
    const char *version; // semantic version
    const char *summary; // what it decides and how it differs, one sentence
    const struct setting *settings; // in the order in which check and settings() have them
    void (*check)(const int64_t *settings, problems *); // what ranges cannot say; may be NULL
};
extern const struct component component;

// Adds a problem: the path is a JSON Pointer, such as "/steps".
void problem(problems *, const char *path, const char *message);

// ---- answering ----

typedef itsm_types_types_refusal_t refusal;
typedef itsm_types_types_reason_t reason;
typedef component_string_t text;

// Reads the settings of a request into an array with a place for each, defaults included.
// Fills in the refusal and returns false if they do not fit.
bool settings(text json, int64_t *values, refusal *err);

// Fills in a refusal for a request that breaks a rule of the process; returns false, which is
// what an operation returns with a refusal.
bool refuse(refusal *err, const char *code, text message);
bool mortise_not_supported(refusal *err);

// A reason without figures, and a figure for it.
reason because(const char *code, const char *message);
void with(reason *, const char *name, text value);

// ---- texts, which need not end with a zero ----

text str(const char *literal);
text number(int64_t value);
bool same(text left, text right);
bool is(text value, const char *literal);
int compare(text left, text right); // below, at or above 0, byte by byte
text join(const text *parts, size_t count);
#define JOIN(...) \
    join((const text[]){__VA_ARGS__}, sizeof((const text[]){__VA_ARGS__}) / sizeof(text))

// ---- lists, which the bindings write as { pointer, length } ----

void *mortise_grow(void *items, size_t length, size_t size);
#define PUSH(list, ...) \
    ((list)->ptr = mortise_grow((list)->ptr, (list)->len, sizeof *(list)->ptr), \
     (list)->ptr[(list)->len++] = (__VA_ARGS__))

// ---- money and dates ----

// The decimals that ISO 4217 gives a currency.
int decimals(text currency);
// Reads an amount such as -1234.5 as minor units; false if it is none, has too many decimals or
// is beyond 10^17 of them.
bool minor(text amount, int decimals, int64_t *value);
text amount(int64_t minor, int decimals);
// The same day so many months later, or the last of that month. Days since 1970-01-01.
int32_t add_months(int32_t date, uint32_t months);

#ifdef ITSM_SLA_TYPES_LEVEL_OK
// ---- service levels ----

// Both clocks of a ticket, running around the clock, and the marks that they have still to reach.
// Waiting for the customer does not count for resolution. Targets are in seconds; pauses are in
// order and do not overlap, as the host sends them.
void around_the_clock(const itsm_sla_types_clock_request_t *, int64_t response_s, int64_t resolution_s,
                      itsm_sla_types_clock_decision_t *);
#endif
