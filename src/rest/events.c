/* /1.0/events */
#include "rest/table.h"

#include "base/memory.h"
#include "http/server.h"
#include "rest/context.h"

static int parse_types(const RestRequest *request, unsigned *ret, Error **err) {
        const char *text = rest_query(request, "type");
        unsigned allowed = EVENT_OPERATION | EVENT_LIFECYCLE;
        if (request->caller.admin)
                allowed |= EVENT_LOGGING;
        if (str_is_empty(text)) {
                *ret = allowed;
                return 0;
        }
        _cleanup_strlist_ StrList names = {};
        unsigned types = 0;
        strlist_split(&names, text, ",", false);
        for (size_t i = 0; i < names.count; i++) {
                unsigned type = event_type_parse(names.items[i]);
                if (type == 0)
                        return error_set(err, ERROR_INVALID, 0,
                                         "\"%s\" isn't a supported event type", names.items[i]);
                if ((type & allowed) == 0)
                        return error_set(err, ERROR_FORBIDDEN, 0, "not authorized");
                types |= type;
        }
        *ret = types;
        return 0;
}

static int events_get(RestRequest *request, Error **err) {
        EventListenerSpec spec = {.project = request->project,
                                  .all_projects = request->all_projects};
        WebSocket *socket;
        if (spec.all_projects && rest_query(request, "project") != NULL)
                return error_set(err, ERROR_INVALID, 0,
                                 "Cannot specify a project when requesting all projects");
        if (parse_types(request, &spec.types, err) < 0 ||
            http_exchange_upgrade(request->exchange, &socket, err) < 0)
                return -1;
        event_hub_listen(request->context->events, socket, &spec);
        return rest_reply_taken(request);
}

static const RestEndpoint endpoints[] = {
        {
                .path = "/1.0/events",
                .get = {events_get, REST_PROJECT, REST_WHEN_STARTING},
        },
};

const RestTable rest_events_table = {endpoints, ARRAY_SIZE(endpoints)};
