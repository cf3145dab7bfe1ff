// What generated bindings need of <stdlib.h>. There is no C library in a component.
#pragma once

#include <stddef.h>

void *malloc(size_t bytes);
void *realloc(void *memory, size_t bytes);
void free(void *memory);
_Noreturn void abort(void);
