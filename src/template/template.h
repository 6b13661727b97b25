/* The template language of LXD's images (a part of Django's, as pongo2 has it):
 *
 *     {{ path.to.value|filter:"argument" }}   {{ config_get("user.x", "fallback") }}
 *     {% if a == "b" and not c %} … {% elif d %} … {% else %} … {% endif %}
 *     {% for x in list %} … {% endfor %}      {# comment #}
 *
 * Nothing is escaped, and nothing can be included: a template reaches only its context. Work is
 * limited, since a template comes with an image. */
#pragma once

#include "base/error.h"

#include <jansson.h>

#define TEMPLATE_OUTPUT_LIMIT ((size_t) 1 << 20)

/* `context` is an object; config_get() reads context.config. An unknown tag or filter and a broken
 * one are ERROR_INVALID and name the line; an unknown variable is empty. */
int template_render(const char *text, const json_t *context, char **ret, Error **err)
        _must_check_;
