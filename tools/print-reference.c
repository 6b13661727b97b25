/* Prints the reference pages that come from tables of the daemon: print-reference config|endpoints.
 * tools/docs writes them to docs/reference/. */
#include "base/memory.h"
#include "rest/rest.h"
#include "rest/route.h"
#include "schema/key.h"

#include <stdio.h>
#include <string.h>

static const char *access_text(RestAccess access) {
        switch (access) {
        case REST_GUEST:
                return "anybody";
        case REST_TRUSTED:
                return "trusted";
        case REST_PROJECT:
                return "project";
        case REST_METRICS:
                return "metrics";
        case REST_INTERNAL:
                return "local";
        case REST_ADMIN:
                break;
        }
        return "admin";
}

static void print_method(const char *name, const RestMethod *method, const char **separator) {
        if (method->handler == NULL)
                return;
        printf("%s%s (%s)", *separator, name, access_text(method->access));
        *separator = ", ";
}

static void print_endpoint(const RestEndpoint *row) {
        const char *separator = "";
        printf("| `%s` | ", row->path);
        print_method("GET", &row->get, &separator);
        print_method("PUT", &row->put, &separator);
        print_method("POST", &row->post, &separator);
        print_method("PATCH", &row->patch, &separator);
        print_method("DELETE", &row->delete, &separator);
        printf(" | %s |\n", row->project_feature != NULL ? row->project_feature : "");
}

static int compare_paths(const void *a, const void *b) {
        const RestEndpoint *const *left = a, *const *right = b;
        return strcmp((*left)->path, (*right)->path);
}

static int print_endpoints(void) {
        size_t tables, count = 0, capacity = 0;
        const RestTable *const *table = rest_tables(&tables);
        _cleanup_free_ const RestEndpoint **rows = NULL;
        for (size_t t = 0; t < tables; t++)
                for (size_t e = 0; e < table[t]->count; e++) {
                        mem_grow((void **) &rows, &capacity, count + 1, sizeof *rows);
                        rows[count++] = &table[t]->endpoints[e];
                }
        qsort(rows, count, sizeof *rows, compare_paths);
        printf("# Endpoints\n\n"
               "%zu paths, from the tables in `src/rest/`. In brackets who may call: anybody, any\n"
               "trusted client, trusted clients of the project, administrators, or only clients of\n"
               "the unix socket. Where a project has the named feature off, the objects are those of\n"
               "the project `default`.\n\n"
               "| path | methods | project feature |\n|---|---|---|\n", count);
        for (size_t i = 0; i < count; i++)
                print_endpoint(rows[i]);
        return 0;
}

static int print_config(void) {
        _cleanup_strbuf_ StrBuf text = {};
        schema_write_markdown(&text);
        return fputs(text.data, stdout) < 0 ? 1 : 0;
}

int main(int argc, char **argv) {
        if (argc == 2 && strcmp(argv[1], "endpoints") == 0)
                return print_endpoints();
        if (argc == 2 && strcmp(argv[1], "config") == 0)
                return print_config();
        (void) fprintf(stderr, "usage: print-reference config|endpoints\n");
        return 2;
}
