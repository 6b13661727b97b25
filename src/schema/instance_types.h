/* Sizes of machines that clouds sell, by their names: "t2.micro", "gce:n1-standard-1", "c2-m4". */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* limits.cpu, limits.cpu.allowance, limits.memory for the type, where `config` has none. */
int instance_type_apply(const char *type, StrMap *config, Error **err) _must_check_;
