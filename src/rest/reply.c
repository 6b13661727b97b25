/* What handlers reply with, the query, and lists. The envelope itself is written by router.c. */
#include "rest/rest.h"

#include "base/memory.h"
#include "json/json.h"
#include "rest/context.h"
#include "schema/filter.h"

#include <pwd.h>
#include <string.h>

int rest_reply_empty(RestRequest *request) {
        request->reply = REST_REPLY_EMPTY;
        return 0;
}

int rest_reply_sync(RestRequest *request, json_t *metadata) {
        request->reply = REST_REPLY_SYNC;
        request->metadata = metadata;
        return 0;
}

int rest_reply_text(RestRequest *request, char *metadata_text) {
        request->reply = REST_REPLY_SYNC;
        request->metadata_text = metadata_text;
        return 0;
}

int rest_reply_created(RestRequest *request, char *location) {
        request->reply = REST_REPLY_SYNC; /* metadata null, as LXD answers a 201 */
        request->location = location;
        return 0;
}

int rest_reply_operation(RestRequest *request, Operation *operation) {
        request->reply = REST_REPLY_OPERATION;
        request->operation = operation;
        return 0;
}

int rest_reply_taken(RestRequest *request) {
        request->reply = REST_REPLY_TAKEN;
        return 0;
}

const char *rest_query(const RestRequest *request, const char *name) {
        return strmap_get(&request->query, name);
}

bool rest_query_bool(const RestRequest *request, const char *name) {
        return str_is_true(rest_query(request, name));
}

bool rest_is_patch(const RestRequest *request) {
        return str_equal(request->method_name, "PATCH");
}

static char *user_name(uint32_t uid) {
        struct passwd entry, *found = NULL;
        char buffer[1024];
        if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL)
                return str_dup(found->pw_name);
        return str_printf("%u", uid);
}

/* Most requests change nothing and need no name, and a lookup reads files. */
EventRequestor rest_requestor(RestRequest *request) {
        if (request->caller.username == NULL && request->caller.is_unix)
                request->caller.username = user_name(request->caller.uid);
        return (EventRequestor){.username = request->caller.username,
                                .protocol = request->caller.protocol,
                                .address = request->caller.address};
}

void rest_emit(RestRequest *request, const char *action, const char *source, json_t *context) {
        EventRequestor requestor = rest_requestor(request);
        const EventLifecycle event = {.action = action,
                                      .project = request->effective_project,
                                      .source = source,
                                      .context = context,
                                      .requestor = &requestor};
        event_emit_lifecycle(request->context->events, &event);
        if (context != NULL)
                json_decref(context);
}

int rest_list_begin(RestRequest *request, RestList *ret, Error **err) {
        Filter *filter = NULL;
        const char *text = rest_query(request, "filter");
        if (!str_is_empty(text) && filter_parse(text, &filter, err) < 0)
                return -1;
        *ret = (RestList){.request = request,
                          .array = json_array(),
                          .filter = filter,
                          .objects = request->recursion > 0};
        return 0;
}

bool rest_list_wants_objects(const RestList *list) {
        return list->objects || list->filter != NULL;
}

void rest_list_add(RestList *list, const char *url, json_t *object) {
        bool match = list->filter == NULL || filter_match(list->filter, object);
        if (match && list->objects)
                json_array_append(list->array, object);
        else if (match)
                json_array_append_new(list->array, json_string(url));
        json_decref(object);
}

int rest_list_reply(RestList *list) {
        filter_free(list->filter);
        list->filter = NULL;
        return rest_reply_sync(list->request, TAKE_PTR(list->array));
}

void rest_list_drop(RestList *list) {
        filter_free(list->filter);
        list->filter = NULL;
        json_decref(TAKE_PTR(list->array));
}

char *rest_url(const char *project, ...) {
        _cleanup_strbuf_ StrBuf url = {};
        strbuf_add(&url, "/1.0");
        va_list segments;
        va_start(segments, project);
        for (const char *segment; (segment = va_arg(segments, const char *)) != NULL;) {
                _cleanup_free_ char *escaped = url_escape(segment);
                strbuf_printf(&url, "/%s", escaped);
        }
        va_end(segments);
        if (!str_is_empty(project) && !str_equal(project, "default")) {
                _cleanup_free_ char *escaped = url_escape(project);
                strbuf_printf(&url, "?project=%s", escaped);
        }
        return strbuf_take(&url);
}
